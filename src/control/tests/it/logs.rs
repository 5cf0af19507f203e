//! CloudWatch Logs: groups, streams, and lines in the order of time.

use gantry_testkit::{Refusal, TestGantry};
use serde_json::{Value, json};

use crate::{code, refusal, refused};

const GROUP: &str = "/ecs/web";

async fn logs(gantry: &TestGantry, operation: &str, input: Value) -> Result<Value, Refusal> {
    gantry.call("logs", operation, input).await
}

/// A control plane with a group and these streams.
async fn with_streams(streams: &[&str]) -> TestGantry {
    let gantry = TestGantry::start().await;
    logs(&gantry, "CreateLogGroup", json!({ "logGroupName": GROUP })).await.unwrap();
    for stream in streams {
        logs(&gantry, "CreateLogStream", json!({ "logGroupName": GROUP, "logStreamName": stream })).await.unwrap();
    }
    gantry
}

/// Puts lines into a stream: each so many milliseconds from now.
async fn put(gantry: &TestGantry, stream: &str, lines: &[(i64, &str)]) -> Result<Value, Refusal> {
    let now = gantry.now().0;
    let events: Vec<Value> =
        lines.iter().map(|(at, message)| json!({ "timestamp": now + at, "message": message })).collect();
    logs(gantry, "PutLogEvents", json!({ "logGroupName": GROUP, "logStreamName": stream, "logEvents": events })).await
}

fn messages(answer: &Value) -> Vec<String> {
    let events = answer["events"].as_array().unwrap();
    events.iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect()
}

/// A page of a stream.
async fn page(gantry: &TestGantry, stream: &str, more: Value) -> Value {
    let mut input = json!({ "logGroupName": GROUP, "logStreamName": stream });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    logs(gantry, "GetLogEvents", input).await.unwrap()
}

/// What a search finds, over all of its pages.
async fn search(gantry: &TestGantry, more: Value) -> Vec<String> {
    let mut input = json!({ "logGroupName": GROUP });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut found = Vec::new();
    loop {
        let answer = logs(gantry, "FilterLogEvents", input.clone()).await.unwrap();
        found.extend(messages(&answer));
        match answer.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => return found,
        }
    }
}

#[tokio::test]
async fn a_stream_is_read_from_both_ends_and_followed() {
    let gantry = with_streams(&["s"]).await;
    put(&gantry, "s", &[(0, "a"), (1, "b"), (2, "c")]).await.unwrap();
    put(&gantry, "s", &[(1, "between"), (3, "d")]).await.unwrap();
    let whole = page(&gantry, "s", json!({ "startFromHead": true })).await;
    assert_eq!(messages(&whole), ["a", "b", "between", "c", "d"]);
    let newest = page(&gantry, "s", json!({ "limit": 2 })).await;
    assert_eq!(messages(&newest), ["c", "d"]);
    let older = page(&gantry, "s", json!({ "nextToken": newest["nextBackwardToken"], "limit": 2 })).await;
    assert_eq!(messages(&older), ["b", "between"]);
    let newer = page(&gantry, "s", json!({ "nextToken": older["nextForwardToken"] })).await;
    assert_eq!(messages(&newer), ["c", "d"]);
    let end = page(&gantry, "s", json!({ "nextToken": newer["nextForwardToken"] })).await;
    assert_eq!(messages(&end), [""; 0]);
    assert_eq!(end["nextForwardToken"], newer["nextForwardToken"], "the end leads to itself");
    put(&gantry, "s", &[(4, "e")]).await.unwrap();
    let come = page(&gantry, "s", json!({ "nextToken": end["nextForwardToken"] })).await;
    assert_eq!(messages(&come), ["e"]);
}

#[tokio::test]
async fn an_empty_stream_can_be_followed_from_the_start() {
    let gantry = with_streams(&["s"]).await;
    let empty = page(&gantry, "s", json!({ "startFromHead": true })).await;
    assert_eq!(messages(&empty), [""; 0]);
    put(&gantry, "s", &[(0, "a")]).await.unwrap();
    let come = page(&gantry, "s", json!({ "nextToken": empty["nextForwardToken"] })).await;
    assert_eq!(messages(&come), ["a"]);
}

#[tokio::test]
async fn a_range_of_time_has_its_start_and_not_its_end() {
    let gantry = with_streams(&["s"]).await;
    put(&gantry, "s", &[(0, "a"), (10, "b"), (20, "c")]).await.unwrap();
    let now = gantry.now().0;
    let range = json!({ "startFromHead": true, "startTime": now + 10, "endTime": now + 20 });
    assert_eq!(messages(&page(&gantry, "s", range).await), ["b"]);
    // A search takes its end in.
    assert_eq!(search(&gantry, json!({ "startTime": now + 10, "endTime": now + 20 })).await, ["b", "c"]);
}

#[tokio::test]
async fn a_search_merges_streams_by_time() {
    let gantry = with_streams(&["web/1", "web/2", "db/1"]).await;
    put(&gantry, "web/1", &[(0, "GET /a"), (4, "ERROR one")]).await.unwrap();
    put(&gantry, "web/2", &[(1, "GET /b"), (3, "ERROR two")]).await.unwrap();
    put(&gantry, "db/1", &[(2, "SELECT"), (5, "ERROR three")]).await.unwrap();
    assert_eq!(search(&gantry, json!({ "limit": 1 })).await.len(), 6, "page by page");
    assert_eq!(search(&gantry, json!({ "filterPattern": "ERROR" })).await, ["ERROR two", "ERROR one", "ERROR three"]);
    let backwards = json!({ "filterPattern": "ERROR", "startFromHead": false, "limit": 2 });
    assert_eq!(search(&gantry, backwards).await, ["ERROR three", "ERROR one", "ERROR two"]);
    let web = json!({ "logStreamNamePrefix": "web/", "filterPattern": "GET" });
    assert_eq!(search(&gantry, web).await, ["GET /a", "GET /b"]);
    assert_eq!(search(&gantry, json!({ "logStreamNames": ["db/1", "web/1"] })).await.len(), 4);
    let answer = logs(&gantry, "FilterLogEvents", json!({ "logGroupName": GROUP, "limit": 1 })).await.unwrap();
    let event = &answer["events"][0];
    assert_eq!((&event["logStreamName"], &event["message"]), (&json!("web/1"), &json!("GET /a")));
    assert_eq!(event["eventId"].as_str().unwrap().len(), 56);
}

/// Lines of many batches that overlap, in any order: what is read is all of them, each once, by time.
#[tokio::test]
async fn pages_lose_nothing_and_repeat_nothing() {
    let streams = ["a", "b", "c"];
    let gantry = with_streams(&streams).await;
    let mut dice = 7_u64;
    let mut roll = |below: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % below
    };
    let mut all = Vec::new();
    for batch in 0..60 {
        let start = i64::try_from(roll(2_000_000)).unwrap() - 1_500_000;
        let mut at: Vec<i64> = (0..=roll(20)).map(|_| start + i64::try_from(roll(900_000)).unwrap()).collect();
        at.sort_unstable();
        let texts: Vec<String> = (0..at.len()).map(|line| format!("{batch}.{line}")).collect();
        let lines: Vec<(i64, &str)> = at.iter().zip(&texts).map(|(at, text)| (*at, text.as_str())).collect();
        put(&gantry, streams[usize::try_from(roll(3)).unwrap()], &lines).await.unwrap();
        all.extend(at.into_iter().zip(texts));
    }
    all.sort_by_key(|(at, _)| *at);
    let by_time: Vec<i64> = all.iter().map(|(at, _)| *at).collect();
    let time_of = |text: &String| all.iter().find(|(_, other)| other == text).unwrap().0;
    for limit in [1, 7, 10_000] {
        let forward = search(&gantry, json!({ "limit": limit })).await;
        assert_eq!(forward.iter().map(time_of).collect::<Vec<_>>(), by_time, "limit {limit}");
        let mut backward = search(&gantry, json!({ "limit": limit, "startFromHead": false })).await;
        backward.reverse();
        assert_eq!(forward, backward, "limit {limit}");
    }
}

#[tokio::test]
async fn batches_that_break_a_rule_are_refused_whole() {
    let gantry = with_streams(&["s"]).await;
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let long = "x".repeat(600_000);
    for (lines, expected) in [
        (vec![(1, "b"), (0, "a")], "must be in chronological order"),
        (vec![(-DAY, "a"), (1, "b")], "cannot span more than 24 hours"),
        (vec![(0, long.as_str()), (0, long.as_str())], "Upload too large: 1200052 bytes exceeds limit of 1048576"),
    ] {
        let (code, message) = refusal(put(&gantry, "s", &lines).await);
        assert_eq!(code, "InvalidParameterException");
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(code(put(&gantry, "s", &[]).await), "InvalidParameterException");
    assert_eq!(
        refusal(put(&gantry, "ghost", &[(0, "a")]).await),
        refused("ResourceNotFoundException", "The specified log stream does not exist.")
    );
    assert_eq!(search(&gantry, json!({})).await, [""; 0]);
}

#[tokio::test]
async fn lines_too_old_or_too_new_are_left_out_and_named() {
    let gantry = with_streams(&["s"]).await;
    const HOUR: i64 = 60 * 60 * 1000;
    let kept = json!({ "logGroupName": GROUP, "retentionInDays": 1 });
    logs(&gantry, "PutRetentionPolicy", kept).await.unwrap();
    let answer =
        put(&gantry, "s", &[(0, "now"), (HOUR, "soon"), (3 * HOUR, "far"), (4 * HOUR, "further")]).await.unwrap();
    assert_eq!(answer["rejectedLogEventsInfo"], json!({ "tooNewLogEventStartIndex": 2 }));
    let answer = put(&gantry, "s", &[(-30 * HOUR, "expired"), (-23 * HOUR, "kept")]).await.unwrap();
    assert_eq!(answer["rejectedLogEventsInfo"], json!({ "expiredLogEventEndIndex": 1 }));
    let answer = put(&gantry, "s", &[(-15 * 24 * HOUR, "old")]).await.unwrap();
    assert_eq!(answer["rejectedLogEventsInfo"], json!({ "tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 1 }));
    assert_eq!(search(&gantry, json!({})).await, ["kept", "now", "soon"]);
}

#[tokio::test]
async fn lines_are_kept_as_long_as_their_group_says() {
    let gantry = with_streams(&["s"]).await;
    put(&gantry, "s", &[(0, "old")]).await.unwrap();
    gantry.pass_seconds(2 * 24 * 60 * 60);
    put(&gantry, "s", &[(0, "new")]).await.unwrap();
    logs(&gantry, "PutRetentionPolicy", json!({ "logGroupName": GROUP, "retentionInDays": 1 })).await.unwrap();
    assert_eq!(search(&gantry, json!({})).await, ["new"], "what is not kept is not shown");
    gantry_control::loops::housekeeping::pass(&gantry.control).await.unwrap();
    logs(&gantry, "DeleteRetentionPolicy", json!({ "logGroupName": GROUP })).await.unwrap();
    assert_eq!(search(&gantry, json!({})).await, ["new"], "and gone");
    let groups = logs(&gantry, "DescribeLogGroups", json!({})).await.unwrap();
    assert_eq!(groups["logGroups"][0]["storedBytes"], 3);
    let odd = json!({ "logGroupName": GROUP, "retentionInDays": 2 });
    assert_eq!(code(logs(&gantry, "PutRetentionPolicy", odd).await), "InvalidParameterException");
}

#[tokio::test]
async fn what_is_deleted_is_gone_with_its_lines() {
    let gantry = with_streams(&["s", "t"]).await;
    put(&gantry, "s", &[(0, "of s")]).await.unwrap();
    put(&gantry, "t", &[(0, "of t!")]).await.unwrap();
    logs(&gantry, "DeleteLogStream", json!({ "logGroupName": GROUP, "logStreamName": "s" })).await.unwrap();
    gantry_control::loops::housekeeping::pass(&gantry.control).await.unwrap();
    assert_eq!(search(&gantry, json!({})).await, ["of t!"]);
    let groups = logs(&gantry, "DescribeLogGroups", json!({})).await.unwrap();
    assert_eq!(groups["logGroups"][0]["storedBytes"], 5);
    logs(&gantry, "DeleteLogGroup", json!({ "logGroupName": GROUP })).await.unwrap();
    logs(&gantry, "CreateLogGroup", json!({ "logGroupName": GROUP })).await.unwrap();
    assert_eq!(search(&gantry, json!({})).await, [""; 0], "a group of the same name is another");
}

#[tokio::test]
async fn a_protected_group_is_not_deleted_before_it_is_released() {
    let gantry = TestGantry::start().await;
    let create = json!({ "logGroupName": GROUP, "deletionProtectionEnabled": true });
    logs(&gantry, "CreateLogGroup", create).await.unwrap();
    let delete = json!({ "logGroupName": GROUP });
    assert_eq!(code(logs(&gantry, "DeleteLogGroup", delete.clone()).await), "ValidationException");
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/ecs/web";
    let release = json!({ "logGroupIdentifier": arn, "deletionProtectionEnabled": false });
    logs(&gantry, "PutLogGroupDeletionProtection", release).await.unwrap();
    logs(&gantry, "DeleteLogGroup", delete).await.unwrap();
}

#[tokio::test]
async fn groups_are_listed_by_prefix_and_part_page_by_page() {
    let gantry = TestGantry::start().await;
    for name in ["/ecs/a", "/ecs/b", "/ecs/c", "other"] {
        logs(&gantry, "CreateLogGroup", json!({ "logGroupName": name })).await.unwrap();
    }
    let names = async |input: Value| {
        let answer = logs(&gantry, "DescribeLogGroups", input).await.unwrap();
        let groups = answer["logGroups"].as_array().unwrap();
        let names: Vec<String> = groups.iter().map(|g| g["logGroupName"].as_str().unwrap().to_owned()).collect();
        (names, answer.get("nextToken").cloned())
    };
    let (first, token) = names(json!({ "logGroupNamePrefix": "/ecs/", "limit": 2 })).await;
    assert_eq!(first, ["/ecs/a", "/ecs/b"]);
    let (second, token) = names(json!({ "logGroupNamePrefix": "/ecs/", "limit": 2, "nextToken": token })).await;
    assert_eq!((second, token), (vec!["/ecs/c".to_owned()], None));
    assert_eq!(names(json!({ "logGroupNamePattern": "th" })).await.0, ["other"]);
    assert_eq!(names(json!({ "logGroupClass": "INFREQUENT_ACCESS" })).await.0, [""; 0]);
    let both = json!({ "logGroupNamePrefix": "a", "logGroupNamePattern": "b" });
    assert_eq!(code(logs(&gantry, "DescribeLogGroups", both).await), "InvalidParameterException");
}

#[tokio::test]
async fn streams_are_listed_by_name_or_by_their_newest_line() {
    let gantry = with_streams(&["a", "b", "c"]).await;
    put(&gantry, "a", &[(5, "x")]).await.unwrap();
    put(&gantry, "b", &[(9, "x")]).await.unwrap();
    let names = async |more: Value| {
        let mut input = json!({ "logGroupName": GROUP, "limit": 1 });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut names = Vec::new();
        loop {
            let answer = logs(&gantry, "DescribeLogStreams", input.clone()).await.unwrap();
            let streams = answer["logStreams"].as_array().unwrap();
            names.extend(streams.iter().map(|s| s["logStreamName"].as_str().unwrap().to_owned()));
            match answer.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => return names.concat(),
            }
        }
    };
    assert_eq!(names(json!({})).await, "abc");
    assert_eq!(names(json!({ "descending": true })).await, "cba");
    assert_eq!(names(json!({ "orderBy": "LastEventTime" })).await, "cab");
    assert_eq!(names(json!({ "orderBy": "LastEventTime", "descending": true })).await, "bac");
    assert_eq!(names(json!({ "logStreamNamePrefix": "b" })).await, "b");
    let both = json!({ "logGroupName": GROUP, "orderBy": "LastEventTime", "logStreamNamePrefix": "b" });
    assert_eq!(code(logs(&gantry, "DescribeLogStreams", both).await), "InvalidParameterException");
}

#[tokio::test]
async fn what_is_not_there_or_cannot_be_is_refused() {
    let gantry = with_streams(&["s"]).await;
    let not_there = "ResourceNotFoundException";
    let invalid = "InvalidParameterException";
    for (operation, input, expected) in [
        ("CreateLogGroup", json!({ "logGroupName": GROUP }), "ResourceAlreadyExistsException"),
        ("CreateLogGroup", json!({ "logGroupName": "a b" }), invalid),
        ("CreateLogGroup", json!({ "logGroupName": "a", "kmsKeyId": "k" }), invalid),
        ("CreateLogGroup", json!({ "logGroupName": "a", "logGroupClass": "DELIVERY" }), invalid),
        ("CreateLogGroup", json!({ "logGroupName": "a", "tags": { "aws:x": "1" } }), invalid),
        ("CreateLogStream", json!({ "logGroupName": GROUP, "logStreamName": "s" }), "ResourceAlreadyExistsException"),
        ("CreateLogStream", json!({ "logGroupName": "ghost", "logStreamName": "s" }), not_there),
        ("CreateLogStream", json!({ "logGroupName": GROUP, "logStreamName": "a:b" }), invalid),
        ("DeleteLogGroup", json!({ "logGroupName": "ghost" }), not_there),
        ("DeleteLogStream", json!({ "logGroupName": GROUP, "logStreamName": "ghost" }), not_there),
        ("GetLogEvents", json!({ "logGroupName": GROUP, "logStreamName": "s", "nextToken": "x" }), invalid),
        ("GetLogEvents", json!({ "logStreamName": "s" }), invalid),
        ("FilterLogEvents", json!({ "logGroupName": GROUP, "filterPattern": "{ a" }), invalid),
        ("FilterLogEvents", json!({ "logGroupName": GROUP, "logStreamNames": ["ghost"] }), not_there),
        (
            "FilterLogEvents",
            json!({ "logGroupName": GROUP, "logStreamNames": ["s"], "logStreamNamePrefix": "s" }),
            invalid,
        ),
        ("FilterLogEvents", json!({ "logGroupName": GROUP, "logGroupIdentifier": GROUP }), invalid),
        ("TagResource", json!({ "resourceArn": "arn:aws:ecs:us-east-1:0:x", "tags": { "a": "1" } }), invalid),
    ] {
        assert_eq!(code(logs(&gantry, operation, input.clone()).await), expected, "{operation} {input}");
    }
}

/// Lines that hardly compress, so that a few batches are worth a segment.
fn noise(seed: u64, lines: usize) -> Vec<String> {
    let mut dice = seed;
    let mut hex = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:016x}", dice ^ (dice >> 29))
    };
    (0..lines).map(|_| (0..32).map(|_| hex()).collect::<String>()).collect()
}

#[tokio::test]
async fn lines_are_packed_beside_the_layers_and_read_as_before() {
    let gantry = with_streams(&["s"]).await;
    let mut all = Vec::new();
    for seed in 0..4 {
        let texts = noise(seed, 1500);
        let lines: Vec<(i64, &str)> = (0..).zip(texts.iter().map(String::as_str)).collect();
        put(&gantry, "s", &lines).await.unwrap();
        all.extend(texts.iter().cloned().zip(0..).map(|(text, at): (String, i64)| (at, seed, text)));
    }
    all.sort();
    let expected: Vec<String> = all.into_iter().map(|(_, _, text)| text).collect();
    let blobs = || {
        std::fs::read_dir(gantry.blobs())
            .unwrap()
            .flatten()
            .map(|shelf| std::fs::read_dir(shelf.path()).unwrap().count())
            .sum::<usize>()
    };
    assert_eq!(blobs(), 0);
    gantry_control::loops::log_packing::pass(&gantry.control).await.unwrap();
    assert_eq!(blobs(), 1, "one segment");
    assert_eq!(search(&gantry, json!({})).await, expected);
    put(&gantry, "s", &[(5000, "not packed")]).await.unwrap();
    assert_eq!(
        search(&gantry, json!({ "startFromHead": false, "limit": 1, "filterPattern": "packed" })).await,
        ["not packed"]
    );
    // What nobody keeps any longer goes with its segment, and the bytes with it.
    gantry.pass_seconds(2 * 24 * 60 * 60);
    logs(&gantry, "PutRetentionPolicy", json!({ "logGroupName": GROUP, "retentionInDays": 1 })).await.unwrap();
    gantry_control::loops::housekeeping::pass(&gantry.control).await.unwrap();
    assert_eq!((search(&gantry, json!({})).await, blobs()), (Vec::new(), 0));
}

#[tokio::test]
async fn a_segment_that_is_lost_hides_no_other_line() {
    let gantry = with_streams(&["s"]).await;
    for seed in 0..4 {
        let texts = noise(seed, 1500);
        let lines: Vec<(i64, &str)> = texts.iter().map(|text| (0, text.as_str())).collect();
        put(&gantry, "s", &lines).await.unwrap();
    }
    gantry_control::loops::log_packing::pass(&gantry.control).await.unwrap();
    put(&gantry, "s", &[(1, "here")]).await.unwrap();
    std::fs::remove_dir_all(gantry.blobs()).unwrap();
    assert_eq!(search(&gantry, json!({})).await, ["here"]);
}
