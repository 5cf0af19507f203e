//! Replication through the API: its rules, the state of copies, and backfills.

use gantry_control::loops::replication;
use gantry_testkit::admin;
use serde_json::{Value, json};

use crate::{ACCOUNT, Ecr, FOREIGN, digest_of};

const ELSEWHERE: &str = "eu-west-1";

fn destination(region: &str, account: &str) -> Value {
    json!({ "region": region, "registryId": account })
}

fn configuration(destinations: &[Value]) -> Value {
    let filters = json!([{ "filter": "ap", "filterType": "PREFIX_MATCH" }]);
    json!({ "replicationConfiguration": { "rules": [{ "destinations": destinations, "repositoryFilters": filters }] } })
}

/// A registry with the repository `app` whose images are copied to the region [`ELSEWHERE`] from now on.
async fn replicated() -> Ecr {
    let ecr = Ecr::with_repository("app").await;
    ecr.ok("PutReplicationConfiguration", configuration(&[destination(ELSEWHERE, ACCOUNT)])).await;
    ecr
}

fn of(tag: &str) -> Value {
    json!({ "repositoryName": "app", "imageId": { "imageTag": tag } })
}

#[tokio::test]
async fn the_rules_of_a_registry_are_described_as_they_were_given() {
    let ecr = Ecr::new().await;
    let none = json!({ "rules": [] });
    assert_eq!(ecr.ok("DescribeRegistry", json!({})).await["replicationConfiguration"], none);
    let given = json!({ "rules": [
        { "destinations": [destination(ELSEWHERE, ACCOUNT)] },
        { "destinations": [destination("us-west-2", ACCOUNT)], "deleteReplication": { "enabled": false },
          "repositoryFilters": [{ "filter": "prod", "filterType": "PREFIX_MATCH" }] },
    ] });
    let put = ecr.ok("PutReplicationConfiguration", json!({ "replicationConfiguration": given })).await;
    assert_eq!(put["replicationConfiguration"], given);
    assert_eq!(ecr.ok("DescribeRegistry", json!({})).await["replicationConfiguration"], given);
    ecr.ok("PutReplicationConfiguration", json!({ "replicationConfiguration": none })).await;
    assert_eq!(ecr.ok("DescribeRegistry", json!({})).await["replicationConfiguration"], none);
}

#[tokio::test]
async fn a_destination_that_is_none_is_refused() {
    let ecr = Ecr::new().await;
    let there = destination(ELSEWHERE, ACCOUNT);
    for (destinations, code, words) in [
        (vec![destination(gantry_testkit::REGION, ACCOUNT)], "InvalidParameterException", "the same as the source"),
        (vec![there.clone(), there], "InvalidParameterException", "occurs twice"),
        (vec![destination(ELSEWHERE, FOREIGN)], "ValidationException", "--replication-destinations"),
    ] {
        let error = ecr.refused("PutReplicationConfiguration", configuration(&destinations), code).await;
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
    }
    let many: Vec<Value> = (0..26).map(|number| destination(&format!("region-{number}"), ACCOUNT)).collect();
    ecr.refused("PutReplicationConfiguration", configuration(&many), "InvalidParameterException").await;
}

#[tokio::test]
async fn an_image_that_is_pushed_is_copied_to_the_other_region() {
    let mut ecr = replicated().await;
    let manifest = ecr.image("app", "content", Some("v1")).await;
    let digest = digest_of(manifest.as_bytes());
    let told = ecr.ok("DescribeImageReplicationStatus", of("v1")).await;
    assert_eq!(told["imageId"], json!({ "imageDigest": digest, "imageTag": "v1" }));
    let status = |status| json!([{ "region": ELSEWHERE, "registryId": ACCOUNT, "status": status }]);
    assert_eq!(told["replicationStatuses"], status("IN_PROGRESS"));
    replication::pass(&ecr.gantry.control).await.unwrap();
    let told = ecr.ok("DescribeImageReplicationStatus", of("v1")).await;
    assert_eq!(told["replicationStatuses"], status("COMPLETE"));
    ecr.refused("DescribeImageReplicationStatus", of("none"), "ImageNotFoundException").await;
    ecr.caller = admin("ecr", ELSEWHERE);
    let copy = ecr.ok("DescribeImages", json!({ "repositoryName": "app" })).await;
    assert_eq!(copy["imageDetails"][0]["imageDigest"], digest);
}

#[tokio::test]
async fn a_backfill_is_started_stopped_listed_and_described() {
    let ecr = Ecr::with_repository("app").await;
    let there = json!({ "destination": destination(ELSEWHERE, ACCOUNT) });
    ecr.refused("StartReplicationBackfill", there.clone(), "ValidationException").await;
    let manifest = ecr.image("app", "content", Some("v1")).await;
    ecr.ok("PutReplicationConfiguration", configuration(&[destination(ELSEWHERE, ACCOUNT)])).await;
    let first = ecr.ok("StartReplicationBackfill", there.clone()).await;
    assert_eq!(first["status"], "PREPARING");
    ecr.refused("StartReplicationBackfill", there.clone(), "ReplicationBackfillInProgressException").await;
    let id = json!({ "replicationBackfillId": first["replicationBackfillId"] });
    assert_eq!(ecr.ok("StopReplicationBackfill", id.clone()).await["status"], "STOPPING");
    ecr.refused("StopReplicationBackfill", id.clone(), "ReplicationBackfillInvalidStatusException").await;
    replication::pass(&ecr.gantry.control).await.unwrap();
    let stopped = ecr.ok("DescribeReplicationBackfillResults", id).await;
    assert_eq!((&stopped["status"], &stopped["results"]), (&json!("STOPPED"), &json!([])));
    let second = ecr.ok("StartReplicationBackfill", there).await;
    replication::pass(&ecr.gantry.control).await.unwrap();
    let id = &second["replicationBackfillId"];
    let done = ecr.ok("DescribeReplicationBackfillResults", json!({ "replicationBackfillId": id })).await;
    let progress = json!({
        "totalReplicationCount": 1, "completedReplicationCount": 1, "failedReplicationCount": 0, "failureCodes": [],
    });
    assert_eq!((&done["status"], &done["progress"]), (&json!("COMPLETE"), &progress));
    assert_eq!(done["results"][0]["imageId"]["imageDigest"], digest_of(manifest.as_bytes()));
    let failed = json!({ "replicationBackfillId": id, "resultStatusFilter": "FAILED" });
    assert_eq!(ecr.ok("DescribeReplicationBackfillResults", failed).await["results"], json!([]));
    let page = ecr.ok("ListReplicationBackfills", json!({ "maxResults": 1 })).await;
    let next = json!({ "maxResults": 1, "nextToken": page["nextToken"] });
    let rest = ecr.ok("ListReplicationBackfills", next).await;
    let listed = |page: &Value| page["backfills"][0]["status"].as_str().unwrap().to_owned();
    let mut listed = [listed(&page), listed(&rest)];
    listed.sort();
    assert_eq!((listed, rest["nextToken"].is_null()), (["COMPLETE".to_owned(), "STOPPED".to_owned()], true));
    let unknown = json!({ "replicationBackfillId": "00000000-0000-4000-8000-000000000000" });
    for operation in ["StopReplicationBackfill", "DescribeReplicationBackfillResults"] {
        ecr.refused(operation, unknown.clone(), "ReplicationBackfillNotFoundException").await;
    }
}
