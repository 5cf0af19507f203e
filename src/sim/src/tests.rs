//! Scripts with golden transcripts, and random lives over many seeds.

use crate::{script, storm};

/// Each script of `scripts/` has its transcript beside it.
#[test]
fn scripts_have_their_transcripts() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../scripts");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".txt").map(str::to_owned))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    for name in names {
        let text = std::fs::read_to_string(format!("{folder}/{name}.txt")).unwrap();
        let transcript = script::run(&text, 1).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        settings.bind(|| insta::assert_snapshot!(name, transcript));
    }
}

#[test]
fn a_script_that_is_wrong_says_in_which_line() {
    for (text, expected) in [
        ("host 1\n\njump", "line 3: jump is not a command"),
        ("host x", "line 1: x is not a host"),
        ("definition web:1 colour=red", "line 1: colour is not known here"),
        ("run", "line 1: milliseconds is missing"),
    ] {
        assert_eq!(script::run(text, 0).unwrap_err().to_string(), expected);
    }
}

#[test]
fn every_random_life_keeps_every_promise_comes_to_rest_and_is_silent_then() {
    for seed in 0..120 {
        let mut simulation = storm::live(seed).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        storm::at_rest(&simulation).unwrap_or_else(|reason| panic!("seed {seed}: {reason}"));
        simulation.take_log();
        simulation.advance(600_000).unwrap();
        assert_eq!(simulation.take_log(), Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn the_same_seed_lives_the_same_life() {
    for seed in 0..5 {
        let mut first = storm::live(seed).unwrap();
        let mut second = storm::live(seed).unwrap();
        assert_eq!(first.take_log(), second.take_log());
    }
}
