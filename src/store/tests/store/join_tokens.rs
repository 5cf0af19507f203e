//! Join tokens: good once, for a time.

use gantry_model::{ClusterName, UnixMillis};
use gantry_store::{Store, StoreError, join_token};

async fn redeem(store: &Store, hash: &'static str, now: i64) -> Option<ClusterName> {
    let done = store.write(move |tx| Box::pin(async move { join_token::redeem(tx, hash, UnixMillis(now)).await }));
    done.await.map_err(|e: StoreError| e).unwrap()
}

#[tokio::test]
async fn a_join_token_works_once_and_not_after_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("gantry.db")).await.unwrap();
    let written = store.write(|tx| {
        Box::pin(async move {
            let cluster = ClusterName::parse("default").unwrap();
            for (hash, expires) in [("one", 100), ("two", 100)] {
                join_token::put(tx, hash, &cluster, UnixMillis(expires)).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    written.await.unwrap();
    assert_eq!(redeem(&store, "one", 99).await.unwrap().as_str(), "default");
    assert_eq!(redeem(&store, "one", 99).await, None);
    assert_eq!(redeem(&store, "two", 100).await, None);
    assert_eq!(redeem(&store, "other", 0).await, None);
}
