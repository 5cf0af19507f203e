//! COMPATIBILITY.md says which operations are built; this test holds it against the registry of operations.
//!
//! `UPDATE_COMPATIBILITY=1 cargo test -p gantry --test compatibility` writes it anew.

use std::fmt::Write as _;
use std::path::PathBuf;

use gantry_control::operations::Operations;
use gantry_wire::Service;

const HEAD: &str = "# Compatibility

Which operations of the AWS APIs are built. One that is not answers `UnknownOperationException` (HTTP 400), never a
success that did nothing. This page is written from the server's own registry of operations and checked by a test.

A parameter that is not built is refused by its name (`InvalidParameterException`). These members of task definitions
and services are kept and returned, but nothing acts on them yet: `enableExecuteCommand`, `taskRoleArn`,
`executionRoleArn`, `environmentFiles`, `firelensConfiguration`, `proxyConfiguration` and `ephemeralStorage`. Likewise the
`serviceRegistries` of a task set. And of a capacity
provider `autoScalingGroupArn`, `managedScaling`, `managedTerminationProtection` and `managedDraining`: nothing but their
owner makes or ends hosts. Of CloudWatch Logs the
operations that writers and readers of lines call are known, and no others; of Secrets Manager and Systems Manager those
that make and read secrets and parameters, of EventBridge those of rules, which run tasks by a schedule, and of Certificate
Manager those of certificates that are imported.
";

fn page() -> String {
    let built = Operations::all();
    let mut text = HEAD.to_owned();
    for (service, title) in [
        (Service::Ecs, "Amazon ECS"),
        (Service::Ecr, "Amazon ECR"),
        (Service::Events, "Amazon EventBridge"),
        (Service::ElasticLoadBalancing, "Elastic Load Balancing"),
        (Service::Acm, "AWS Certificate Manager"),
        (Service::Logs, "Amazon CloudWatch Logs"),
        (Service::SecretsManager, "AWS Secrets Manager"),
        (Service::Ssm, "AWS Systems Manager (Parameter Store)"),
        (Service::Sts, "AWS STS"),
    ] {
        let name = service.signing_name();
        let all: Vec<&str> = service.model().operations.iter().map(|o| o.name).collect();
        let (done, missing): (Vec<&str>, Vec<&str>) = all.iter().partition(|o| built.has(name, o));
        let _ = write!(text, "\n## {title}: {} of {} built\n\n", done.len(), all.len());
        let _ = writeln!(text, "Built: {}.", done.join(", "));
        if !missing.is_empty() {
            let _ = writeln!(text, "\nNot built: {}.", missing.join(", "));
        }
    }
    text
}

#[test]
fn the_compatibility_page_tells_what_is_built() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../COMPATIBILITY.md");
    if std::env::var_os("UPDATE_COMPATIBILITY").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page(), "COMPATIBILITY.md is not up to date; run this test with UPDATE_COMPATIBILITY=1");
}
