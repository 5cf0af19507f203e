//! What a write promises: durable, isolated, in order, and told once.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::support::{TestStore, a_cluster, cluster_name, here, put};
use futures_util::future::join_all;
use gantry_model::event::{EventKind, NewEvent};
use gantry_store::{Store, StoreError, Tx, cluster, event, kv};
use serde_json::json;

/// How long a state is waited for before the test fails; nothing is measured.
const PATIENCE: Duration = Duration::from_secs(30);

fn an_event(subject: &str) -> NewEvent {
    NewEvent {
        scope: here(),
        kind: EventKind::Task,
        cluster: None,
        subject: subject.to_owned(),
        payload: json!({"of": subject}),
    }
}

/// Puts a setting and appends an event of the same name.
async fn put_and_tell(tx: &mut Tx, name: String) -> Result<(), StoreError> {
    kv::put(tx, &name, "value").await?;
    tx.append(an_event(&name));
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("refused")]
    Rule,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[tokio::test]
async fn a_write_that_fails_is_undone_with_its_events_and_its_neighbours_are_not() {
    let store = TestStore::new().await;
    let writes = (0..64).map(|number| {
        store.write(move |tx| {
            Box::pin(async move {
                put_and_tell(tx, format!("{number:02}")).await?;
                if number % 3 == 0 { Err(Refused::Rule) } else { Ok(()) }
            })
        })
    });
    let ended = join_all(writes).await;
    let conn = &mut store.read().await.unwrap();
    for (number, result) in ended.iter().enumerate() {
        let stored = kv::get(conn, &format!("{number:02}")).await.unwrap();
        assert_eq!(result.is_err(), number % 3 == 0, "{number}");
        assert_eq!(stored.is_some(), number % 3 != 0, "{number}");
    }
    let events = event::after(conn, 0, 1000).await.unwrap();
    let expected: Vec<String> = (0..64).filter(|number| number % 3 != 0).map(|number| format!("{number:02}")).collect();
    assert_eq!(events.iter().map(|event| event.subject.clone()).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_statement_that_fails_sinks_only_its_own_write() {
    let store = TestStore::new().await;
    let good = |name: &'static str| store.write(move |tx| Box::pin(put_and_tell(tx, name.to_owned())));
    let bad = store.write(|tx| {
        Box::pin(async move {
            put_and_tell(tx, "bad".to_owned()).await?;
            sqlx::query("INSERT INTO setting (name, value) VALUES ('bad', 'twice')")
                .execute(&mut **tx)
                .await
                .unwrap_err();
            Err::<(), _>(Refused::Rule)
        })
    });
    let (before, failed, after) = tokio::join!(good("before"), bad, good("after"));
    before.unwrap();
    failed.unwrap_err();
    after.unwrap();
    assert_eq!(store.last_seq(), 2);
}

#[tokio::test]
async fn a_panicking_write_is_undone_and_the_writer_goes_on() {
    let store = TestStore::new().await;
    let panicked = store
        .write::<(), StoreError, _>(|tx| {
            Box::pin(async move {
                put_and_tell(tx, "lost".to_owned()).await?;
                panic!("as a test")
            })
        })
        .await;
    assert!(matches!(panicked, Err(StoreError::Panicked)));
    store.write(|tx| Box::pin(put_and_tell(tx, "kept".to_owned()))).await.unwrap();
    let conn = &mut store.read().await.unwrap();
    assert_eq!(kv::get(conn, "lost").await.unwrap(), None);
    assert_eq!(event::after(conn, 0, 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_writers_get_numbers_without_gaps_and_subscribers_see_them_in_order() {
    let store = TestStore::new().await;
    let mut events = store.subscribe();
    let writers = (0..64).map(|writer| {
        let store = Store::clone(&store);
        tokio::spawn(async move {
            for round in 0..8 {
                let name = format!("{writer}-{round}");
                let fails = round == 5;
                let ended = store
                    .write(move |tx| {
                        Box::pin(async move {
                            put_and_tell(tx, name).await?;
                            if fails { Err(Refused::Rule) } else { Ok(()) }
                        })
                    })
                    .await;
                assert_eq!(ended.is_err(), fails);
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    let expected: Vec<i64> = (1..=64 * 7).collect();
    let mut seen = Vec::new();
    for _ in &expected {
        seen.push(tokio::time::timeout(PATIENCE, events.recv()).await.unwrap().unwrap().seq);
    }
    assert_eq!(seen, expected);
    assert_eq!(store.last_seq(), 64 * 7);
    let logged = event::after(&mut store.read().await.unwrap(), 0, 1000).await.unwrap();
    assert_eq!(logged.iter().map(|event| event.seq).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn an_event_comes_back_as_it_was_appended() {
    let store = TestStore::new().await;
    store.set_time(1234);
    let mut events = store.subscribe();
    let appended = NewEvent { cluster: Some(cluster_name("default")), ..an_event("arn:aws:ecs:…:task/é") };
    let copy = appended.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                tx.append(copy);
                Ok::<_, StoreError>(())
            })
        })
        .await
        .unwrap();
    let logged = event::after(&mut store.read().await.unwrap(), 0, 10).await.unwrap();
    assert_eq!(logged.len(), 1);
    let event = &logged[0];
    assert_eq!((event.seq, event.at.0, event.kind), (1, 1234, EventKind::Task));
    assert_eq!((&event.scope, &event.cluster), (&appended.scope, &appended.cluster));
    assert_eq!((&event.subject, &event.payload), (&appended.subject, &appended.payload));
    assert_eq!(*events.recv().await.unwrap(), *event);
}

#[tokio::test]
async fn the_log_is_pruned_from_its_old_end_and_read_in_pages() {
    let store = TestStore::new().await;
    for number in 0..10 {
        store.write(move |tx| Box::pin(put_and_tell(tx, number.to_string()))).await.unwrap();
    }
    let pruned = store.write(|tx| Box::pin(async move { event::prune(tx, 4).await })).await.unwrap();
    assert_eq!(pruned, 6);
    let conn = &mut store.read().await.unwrap();
    assert_eq!(event::oldest(conn).await.unwrap(), Some(7));
    let page: Vec<i64> = event::after(conn, 7, 2).await.unwrap().iter().map(|event| event.seq).collect();
    assert_eq!(page, [8, 9]);
    assert_eq!(store.last_seq(), 10);
}

#[tokio::test]
async fn many_events_of_one_write_are_all_logged() {
    let store = TestStore::new().await;
    store
        .write(|tx| {
            Box::pin(async move {
                (0..1203).for_each(|number| tx.append(an_event(&number.to_string())));
                Ok::<_, StoreError>(())
            })
        })
        .await
        .unwrap();
    let logged = event::after(&mut store.read().await.unwrap(), 0, 5000).await.unwrap();
    assert!(logged.iter().enumerate().all(|(number, event)| event.subject == number.to_string()));
    assert_eq!(logged.len(), 1203);
}

#[tokio::test]
async fn what_was_acknowledged_is_on_disk_whenever_the_process_dies() {
    let store = TestStore::new().await;
    for number in 0..50 {
        store.write(move |tx| Box::pin(put_and_tell(tx, number.to_string()))).await.unwrap();
        if number % 10 != 9 {
            continue;
        }
        // The files as they stand while the store is open are what a killed process leaves.
        let left = tempfile::tempdir().unwrap();
        for suffix in ["", "-wal"] {
            let name = format!("gantry.db{suffix}");
            std::fs::copy(store.path().with_file_name(&name), left.path().join(&name)).unwrap();
        }
        let again = Store::open(&left.path().join("gantry.db")).await.unwrap();
        let conn = &mut *again.read().await.unwrap();
        for acknowledged in 0..=number {
            assert!(kv::get(conn, &acknowledged.to_string()).await.unwrap().is_some(), "{acknowledged} of {number}");
        }
        assert_eq!(again.last_seq(), number + 1);
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_cancel_its_write() {
    let store = TestStore::new().await;
    let (entered, inside) = tokio::sync::oneshot::channel();
    let (go_on, wait) = tokio::sync::oneshot::channel::<()>();
    let mut events = store.subscribe();
    let caller = tokio::spawn({
        let store = Store::clone(&store);
        async move {
            let write = store.write(|tx| {
                Box::pin(async move {
                    entered.send(()).unwrap();
                    wait.await.unwrap();
                    put_and_tell(tx, "kept".to_owned()).await
                })
            });
            write.await
        }
    });
    inside.await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    tokio::time::timeout(PATIENCE, events.recv()).await.unwrap().unwrap();
    assert!(kv::get(&mut store.read().await.unwrap(), "kept").await.unwrap().is_some());
}

#[tokio::test]
async fn a_reader_sees_one_state_whatever_is_written_meanwhile() {
    let store = TestStore::new().await;
    let mut reader = store.read().await.unwrap();
    assert_eq!(cluster::list(&mut reader, &here()).await.unwrap(), []);
    put!(store, cluster, a_cluster("default"));
    assert_eq!(cluster::list(&mut reader, &here()).await.unwrap(), []);
    drop(reader);
    assert_eq!(cluster::list(&mut store.read().await.unwrap(), &here()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let store = TestStore::new().await;
    let mut reader = store.read().await.unwrap();
    let refused = sqlx::query("DELETE FROM setting").execute(&mut *reader).await.unwrap_err();
    assert!(refused.to_string().contains("readonly"), "{refused}");
}

#[tokio::test]
async fn a_write_waits_for_another_process_that_holds_the_database() {
    let store = TestStore::new().await;
    let other = sqlx::SqlitePool::connect(&format!("sqlite:{}", store.path().display())).await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let write = tokio::spawn({
        let store = Store::clone(&store);
        async move { store.write(|tx| Box::pin(put_and_tell(tx, "patient".to_owned()))).await }
    });
    // The writer is certainly waiting once it had every chance to run and the write is not there.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!write.is_finished());
    held.commit().await.unwrap();
    tokio::time::timeout(PATIENCE, write).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn the_database_is_closed_to_other_users() {
    let store = TestStore::new().await;
    for suffix in ["", "-wal", "-shm"] {
        let file = store.path().with_file_name(format!("gantry.db{suffix}"));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_database_of_a_later_release_is_refused() {
    let store = TestStore::new().await;
    store
        .write(|tx| {
            Box::pin(async move {
                sqlx::query("INSERT INTO migration (version, name, checksum) VALUES (999, 'future', 'x')")
                    .execute(&mut **tx)
                    .await
                    .unwrap();
                Ok::<_, StoreError>(())
            })
        })
        .await
        .unwrap();
    let refused = Store::open(&store.path()).await.unwrap_err();
    assert!(refused.to_string().contains("start the release that wrote it"), "{refused}");
}
