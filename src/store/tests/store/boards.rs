//! Status boards, their links, and the health of services over time.

use std::collections::BTreeMap;

use gantry_model::board::{Board, BoardLink, Tile};
use gantry_model::health::{Health, HealthChange};
use gantry_model::principal::{Principal, PrincipalKind};
use gantry_model::{BoardName, UnixMillis};
use gantry_store::{StoreError, board, service_health};

use crate::support::{TestStore, here};

fn wall() -> Board {
    Board {
        name: BoardName::parse("wall").unwrap(),
        title: "Production".to_owned(),
        tiles: vec!["services:prod".parse::<Tile>().unwrap()],
        created_at: UnixMillis(1),
    }
}

fn link(id: &str, expires: i64) -> BoardLink {
    let arn = "arn:aws:iam::000000000000:user/admin".to_owned();
    BoardLink {
        id: id.to_owned(),
        board: wall().name,
        label: "the hall".to_owned(),
        principal: Principal { account: here().account, arn, kind: PrincipalKind::Admin },
        created_at: UnixMillis(1),
        expires_at: UnixMillis(expires),
    }
}

/// A store with the board and two links to it: one until 100, one until 200.
async fn with_links() -> TestStore {
    let store = TestStore::new().await;
    let written = store.write(|tx| {
        Box::pin(async move {
            board::create(tx, &wall()).await?;
            board::put_link(tx, "hash-a", &link("a", 100)).await?;
            board::put_link(tx, "hash-b", &link("b", 200)).await
        })
    });
    written.await.map_err(|e: StoreError| e).unwrap();
    store
}

async fn opens(store: &TestStore, board: &str, hash: &str, now: i64) -> bool {
    let name = BoardName::parse(board).unwrap();
    board::link_by_key(&mut store.read().await.unwrap(), &name, hash, UnixMillis(now)).await.unwrap().is_some()
}

#[tokio::test]
async fn a_board_comes_back_as_it_was_last_written_and_keeps_its_links() {
    let store = with_links().await;
    let changed = Board { title: "Wall".to_owned(), ..wall() };
    let written = changed.clone();
    assert!(store.write(move |tx| Box::pin(async move { board::change(tx, &written).await })).await.unwrap());
    let conn = &mut store.read().await.unwrap();
    assert_eq!(board::get(conn, &changed.name).await.unwrap(), Some(changed.clone()));
    assert_eq!(board::list(conn).await.unwrap().as_slice(), std::slice::from_ref(&changed));
    assert_eq!(board::links(conn, &changed.name, UnixMillis(99)).await.unwrap(), [link("a", 100), link("b", 200)]);
}

#[tokio::test]
async fn a_link_opens_its_own_board_until_it_ends_or_is_revoked() {
    let store = with_links().await;
    assert!(opens(&store, "wall", "hash-a", 99).await);
    assert!(!opens(&store, "wall", "hash-a", 100).await);
    assert!(!opens(&store, "other", "hash-a", 1).await);
    assert!(!opens(&store, "wall", "hash-c", 1).await);
    let revoke = || store.write(|tx| Box::pin(async move { board::delete_link(tx, &wall().name, "b").await }));
    assert!(revoke().await.unwrap());
    assert!(!revoke().await.unwrap());
    assert!(!opens(&store, "wall", "hash-b", 1).await);
}

#[tokio::test]
async fn a_board_that_is_made_anew_is_not_opened_by_its_forerunners_links() {
    let store = with_links().await;
    let written = store.write(|tx| {
        Box::pin(async move {
            board::delete(tx, &wall().name).await?;
            assert!(!board::change(tx, &wall()).await?, "what was deleted is not changed");
            assert!(board::create(tx, &wall()).await?);
            let other = Board { title: "Other".to_owned(), ..wall() };
            assert!(!board::create(tx, &other).await?, "a name is given once");
            Ok(())
        })
    });
    written.await.map_err(|e: StoreError| e).unwrap();
    assert!(!opens(&store, "wall", "hash-a", 1).await);
}

#[tokio::test]
async fn expired_links_are_forgotten() {
    let store = with_links().await;
    store.write(|tx| Box::pin(async move { board::forget_expired_links(tx, UnixMillis(100)).await })).await.unwrap();
    let links = board::links(&mut store.read().await.unwrap(), &wall().name, UnixMillis(0)).await.unwrap();
    assert_eq!(links, [link("b", 200)]);
}

async fn with_health(rows: &'static [(&'static str, i64, Health)]) -> TestStore {
    let store = TestStore::new().await;
    let written = store.write(move |tx| {
        Box::pin(async move {
            for (service, at, health) in rows {
                service_health::put(tx, service, UnixMillis(*at), *health).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    written.await.unwrap();
    store
}

async fn changes(store: &TestStore, since: i64) -> BTreeMap<String, Vec<(i64, Health)>> {
    let services = ["web".to_owned(), "job".to_owned()];
    let found = service_health::changes(&mut store.read().await.unwrap(), &services, UnixMillis(since)).await.unwrap();
    let plain = |changes: Vec<HealthChange>| changes.into_iter().map(|change| (change.at.0, change.health)).collect();
    found.into_iter().map(|(service, changes)| (service, plain(changes))).collect()
}

const ROWS: &[(&str, i64, Health)] = &[
    ("web", 10, Health::Up),
    ("web", 20, Health::Down),
    ("web", 30, Health::Up),
    ("job", 15, Health::Idle),
    ("other", 5, Health::Up),
];

#[tokio::test]
async fn the_health_of_a_time_begins_with_what_was_in_force_then() {
    let store = with_health(ROWS).await;
    let web = |rows: &[(i64, Health)]| ("web".to_owned(), rows.to_vec());
    let job = ("job".to_owned(), vec![(15, Health::Idle)]);
    assert_eq!(changes(&store, 25).await, BTreeMap::from([web(&[(20, Health::Down), (30, Health::Up)]), job.clone()]));
    let all = [(10, Health::Up), (20, Health::Down), (30, Health::Up)];
    assert_eq!(changes(&store, 0).await, BTreeMap::from([web(&all), job]));
    let latest = service_health::latest(&mut store.read().await.unwrap()).await.unwrap();
    assert_eq!(latest.get("web"), Some(&Health::Up));
    assert_eq!(latest.len(), 3);
}

#[tokio::test]
async fn old_health_goes_but_for_what_is_still_in_force() {
    let store = with_health(ROWS).await;
    store.write(|tx| Box::pin(async move { service_health::forget_before(tx, UnixMillis(25)).await })).await.unwrap();
    let web = ("web".to_owned(), vec![(20, Health::Down), (30, Health::Up)]);
    assert_eq!(changes(&store, 0).await, BTreeMap::from([web]));
    let latest = service_health::latest(&mut store.read().await.unwrap()).await.unwrap();
    assert_eq!(latest.get("other"), Some(&Health::Up));
}
