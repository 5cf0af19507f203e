//! Status boards as the store keeps them, for the dashboard.

use std::sync::Arc;

use async_trait::async_trait;
use gantry_control::Control;
use gantry_control::error::chain;
use gantry_model::board::{Board, BoardLink};
use gantry_model::health::{HealthHistory, history};
use gantry_model::{BoardName, UnixMillis};
use gantry_store::{StoreError, board, service_health};
use gantry_web::{Boards, NewBoardLink};

use crate::bootstrap::random_hex;
use crate::sign_in::token_hash;

const DAY_S: i64 = 24 * 60 * 60;

/// Boards in the database.
pub(crate) struct StoredBoards(pub(crate) Arc<Control>);

#[async_trait]
impl Boards for StoredBoards {
    fn now(&self) -> UnixMillis {
        self.0.now()
    }

    async fn list(&self) -> Result<Vec<Board>, String> {
        said(async { board::list(&mut *self.0.store.read().await?).await }.await)
    }

    async fn get(&self, name: &BoardName) -> Result<Option<Board>, String> {
        said(async { board::get(&mut *self.0.store.read().await?, name).await }.await)
    }

    async fn create(&self, board: Board) -> Result<bool, String> {
        said(self.0.store.write(move |tx| Box::pin(async move { board::create(tx, &board).await })).await)
    }

    async fn change(&self, board: Board) -> Result<bool, String> {
        said(self.0.store.write(move |tx| Box::pin(async move { board::change(tx, &board).await })).await)
    }

    async fn delete(&self, name: BoardName) -> Result<(), String> {
        said(self.0.store.write(move |tx| Box::pin(async move { board::delete(tx, &name).await })).await)
    }

    async fn links(&self, name: &BoardName) -> Result<Vec<BoardLink>, String> {
        let now = self.0.now();
        said(async { board::links(&mut *self.0.store.read().await?, name, now).await }.await)
    }

    async fn make_link(&self, link: NewBoardLink) -> Result<String, String> {
        let random = |bytes| random_hex(bytes).map_err(|error| error.to_string());
        let (id, key) = (random(8)?, random(24)?);
        let NewBoardLink { board, label, principal, expires_at } = link;
        let link = BoardLink { id, board, label, principal, created_at: self.0.now(), expires_at };
        let hash = token_hash(&key);
        let done = self.0.store.write(move |tx| Box::pin(async move { board::put_link(tx, &hash, &link).await }));
        said(done.await).map(|()| key)
    }

    async fn revoke_link(&self, name: BoardName, id: String) -> Result<bool, String> {
        said(self.0.store.write(move |tx| Box::pin(async move { board::delete_link(tx, &name, &id).await })).await)
    }

    async fn open(&self, name: &BoardName, key: &str) -> Result<Option<BoardLink>, String> {
        let (hash, now) = (token_hash(key), self.0.now());
        said(async { board::link_by_key(&mut *self.0.store.read().await?, name, &hash, now).await }.await)
    }

    async fn history(&self, services: &[String], days: usize) -> Result<Vec<HealthHistory>, String> {
        let now = self.0.now();
        let since = now.plus_seconds(-DAY_S * i64::try_from(days).unwrap_or(0));
        let changes = async { service_health::changes(&mut *self.0.store.read().await?, services, since).await };
        let changes = said(changes.await)?;
        let of = |service: &String| changes.get(service).map(|c| history(c, now, days)).unwrap_or_default();
        Ok(services.iter().map(of).collect())
    }
}

fn said<T>(result: Result<T, StoreError>) -> Result<T, String> {
    result.map_err(|error| chain(&error))
}
