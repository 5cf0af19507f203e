//! What the bundled sheet must be, file by file.

use std::fs;
use std::path::Path;

use super::*;

/// Writes the files into a folder and bundles the first one.
fn bundled(files: &[(&str, &str)]) -> Result<String, CssError> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    bundle(&dir.path().join(files[0].0))
}

/// The sheet without regard to white space.
fn compact(files: &[(&str, &str)]) -> String {
    minify(&bundled(files).unwrap())
}

fn fault(files: &[(&str, &str)]) -> (usize, Fault) {
    match bundled(files).unwrap_err() {
        CssError::Fault { line, fault, .. } => (line, fault),
        other => panic!("not a fault: {other}"),
    }
}

#[test]
fn an_import_is_replaced_by_what_its_conditions_stand_for() {
    let cases = [
        (r#"@import "x.css";"#, "a{b:c}"),
        (r"@import 'x.css';", "a{b:c}"),
        (r"@import url(x.css);", "a{b:c}"),
        (r#"@import url("x.css");"#, "a{b:c}"),
        (r#"@import"x.css"layer(base);"#, "@layer base{a{b:c}}"),
        (r#"@import "x.css" layer(base.forms);"#, "@layer base.forms{a{b:c}}"),
        (r#"@import "x.css" layer;"#, "@layer{a{b:c}}"),
        (r#"@import "x.css" print;"#, "@media print{a{b:c}}"),
        (r#"@import "x.css" supports(display: grid);"#, "@supports (display: grid){a{b:c}}"),
        (r#"@import "x.css" supports(selector(a:has(b)));"#, "@supports selector(a:has(b)){a{b:c}}"),
        (
            r#"@import "x.css" layer(l) supports((gap: 1px)) (width < 40em);"#,
            "@media (width < 40em){@supports (gap: 1px){@layer l{a{b:c}}}}",
        ),
    ];
    for (main, expected) in cases {
        assert_eq!(compact(&[("main.css", main), ("x.css", "a {b:c}")]), expected, "{main}");
    }
}

#[test]
fn the_order_of_layers_stays_before_the_sheets_that_fill_them() {
    let sheet = compact(&[
        (
            "main.css",
            "/* order */ @layer reset, base;\n@import \"b.css\" layer(base);\n@import \"r.css\" layer(reset);",
        ),
        ("b.css", "b { x: y; }"),
        ("r.css", "r { x: y; }"),
    ]);
    assert_eq!(sheet, "@layer reset,base;@layer base{b{x: y}}@layer reset{r{x: y}}");
}

#[test]
fn imports_are_found_from_the_sheet_that_names_them() {
    let sheet = compact(&[
        ("main.css", "@import \"components/all.css\" layer(components);"),
        ("components/all.css", "@import \"card.css\";\n@import \"../shared.css\";"),
        ("components/card.css", ".card { a: b }"),
        ("shared.css", ".shared { a: b }"),
    ]);
    assert_eq!(sheet, "@layer components{.card{a: b}.shared{a: b}}");
}

#[test]
fn what_only_looks_like_an_import_stays() {
    let text = "a::after { content: \"@import 'x.css'; }\" }\n/* @import \"y.css\"; */\nb { c: d }";
    let sheet = bundled(&[("main.css", text)]).unwrap();
    assert!(sheet.contains("content: \"@import 'x.css'; }\""), "{sheet}");
    assert!(sheet.contains("b { c: d }"), "{sheet}");
}

#[test]
fn rules_keep_their_text_to_the_letter() {
    let rule = "@media (width < 40em) {\n  .a > .b:not(.c) { background: url(\"data:image/svg+xml;utf8,<svg/>\") }\n}";
    assert_eq!(bundled(&[("main.css", rule)]).unwrap(), format!("{rule}\n"));
}

#[test]
fn a_charset_and_a_byte_order_mark_are_dropped() {
    assert_eq!(compact(&[("main.css", "\u{feff}@charset \"utf-8\";\na { b: c }")]), "a{b: c}");
}

#[test]
fn a_fault_says_what_and_where() {
    let cases = [
        ("a { b: c }\n@import \"x.css\";", (2, Fault::LateImport)),
        ("\n\n@import \"https://cdn.example/x.css\";", (3, Fault::Outside("https://cdn.example/x.css".into()))),
        ("@import \"/x.css\";", (1, Fault::Outside("/x.css".into()))),
        ("@import ;", (1, Fault::NoTarget(String::new()))),
        ("@import \"\" layer(x);", (1, Fault::NoTarget("\"\" layer(x)".into()))),
        ("a { b: c", (1, Fault::NotClosed("a statement"))),
        ("a { b: c }\n}", (2, Fault::NotOpened)),
        ("a { b: \"c }\n", (1, Fault::NotClosed("a string"))),
        ("\n/* open", (2, Fault::NotClosed("a comment"))),
        ("a {\n  b: url(pic.png);\n}", (2, Fault::RelativeUrl("pic.png".into()))),
        ("a {\n  b: url('https://cdn.example/p.png');\n}", (2, Fault::RelativeUrl("https://cdn.example/p.png".into()))),
    ];
    for (text, expected) in cases {
        assert_eq!(fault(&[("main.css", text), ("x.css", "")]), expected, "{text}");
    }
}

#[test]
fn absolute_data_and_fragment_addresses_are_fine() {
    let text = "a { b: url(/f.woff2); c: url('#g'); d: url(\"data:image/png;base64,AA==\") }";
    assert_eq!(bundled(&[("main.css", text)]).unwrap(), format!("{text}\n"));
}

#[test]
fn sheets_that_import_each_other_are_refused_with_the_way_around() {
    let error = bundled(&[("a.css", "@import \"b.css\";"), ("b.css", "@import \"a.css\";")]).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, CssError::Circle { .. }));
    assert_eq!(text.matches("a.css").count(), 2, "{text}");
}

#[test]
fn a_sheet_imported_twice_is_there_twice() {
    let sheet = compact(&[("main.css", "@import \"x.css\";@import \"x.css\";"), ("x.css", "a{b:c}")]);
    assert_eq!(sheet, "a{b:c}a{b:c}");
}

#[test]
fn a_missing_sheet_is_named() {
    let error = bundle(Path::new("/absent/main.css")).unwrap_err();
    assert!(error.to_string().contains("/absent/main.css"), "{error}");
}

#[test]
fn minifying_keeps_every_space_that_means_something() {
    let cases = [
        ("a  :hover { width: calc(1px  +  2px) ; }", "a :hover{width: calc(1px + 2px)}"),
        ("a { content: \"  /* x */  \" }", "a{content: \"  /* x */  \"}"),
        ("a/* x */b { c: d }", "a b{c: d}"),
        (".a,\n.b { c: d;;\n}", ".a,.b{c: d;}"),
        ("@media screen and (width > 1px) { }", "@media screen and (width > 1px){}"),
        ("a { --x: ; }", "a{--x:}"),
    ];
    for (text, expected) in cases {
        assert_eq!(minify(text), expected, "{text}");
    }
}
