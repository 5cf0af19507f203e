//! Writes the AWS shapes and tables of `gantry-wire` from the model files in `models/`.
//!
//! Run by hand after a model file changes: `cargo run -p gantry-wiregen`. What it writes is checked in; the test below
//! generates again and fails when the files in `src/wire/src/shapes` differ. The model files hold facts only (see
//! `models/NOTICE`). Start reading at [`files::generate`].

mod files;
mod model;
mod naming;
mod structures;
mod tables;

use std::path::PathBuf;

/// Where `gantry-wire` keeps its generated shapes.
fn target() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../wire/src/shapes")
}

fn main() -> anyhow::Result<()> {
    files::write(&target(), &files::generate()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_shapes_are_what_the_models_give() {
        let expected = files::generate().unwrap();
        let present = files::read(&target()).unwrap();
        let names = |files: &files::Files| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&present), names(&expected), "run `cargo run -p gantry-wiregen`");
        for (path, text) in &expected {
            assert!(present.get(path) == Some(text), "{path} is stale: run `cargo run -p gantry-wiregen`");
        }
    }

    #[test]
    fn every_operation_of_the_services_is_there() {
        let count = |text| model::parse(text).unwrap().operations.len();
        assert_eq!(count(model::ACM), 8);
        assert_eq!(count(model::ECS), 88);
        assert_eq!(count(model::ECR), 62);
        assert_eq!(count(model::ELASTIC_LOAD_BALANCING), 31);
        assert_eq!(count(model::EVENTS), 13);
        assert_eq!(count(model::LOGS), 18);
        assert_eq!(count(model::SECRETS_MANAGER), 14);
        assert_eq!(count(model::SSM), 13);
        assert_eq!(count(model::STS), 1);
    }
}
