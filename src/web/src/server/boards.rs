//! Status boards: they belong to the dashboard alone, so they are kept beside the API and not behind it.

use async_trait::async_trait;
use gantry_model::board::{Board, BoardLink};
use gantry_model::health::HealthHistory;
use gantry_model::principal::Principal;
use gantry_model::{BoardName, UnixMillis};

/// A link that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBoardLink {
    pub board: BoardName,
    /// For whom or where it is.
    pub label: String,
    /// In whose name the board is read.
    pub principal: Principal,
    pub expires_at: UnixMillis,
}

/// Where boards are kept, and the health of services over time. An error is a sentence for the log.
#[async_trait]
pub trait Boards: Send + Sync {
    /// The server's clock.
    fn now(&self) -> UnixMillis;
    /// All boards, by name.
    async fn list(&self) -> Result<Vec<Board>, String>;
    /// The board.
    async fn get(&self, name: &BoardName) -> Result<Option<Board>, String>;
    /// Makes a board. Answers false, and changes nothing, when there is one of that name.
    async fn create(&self, board: Board) -> Result<bool, String>;
    /// Changes a board. Answers whether there was one.
    async fn change(&self, board: Board) -> Result<bool, String>;
    /// Deletes a board; its links open nothing from then on.
    async fn delete(&self, name: BoardName) -> Result<(), String>;
    /// The links that open a board, in the order of their end.
    async fn links(&self, name: &BoardName) -> Result<Vec<BoardLink>, String>;
    /// Makes a link and answers its key, which is not kept.
    async fn make_link(&self, link: NewBoardLink) -> Result<String, String>;
    /// Revokes a link. Answers whether there was one.
    async fn revoke_link(&self, name: BoardName, id: String) -> Result<bool, String>;
    /// The link to a board that `key` belongs to, unless it has expired or was revoked.
    async fn open(&self, name: &BoardName, key: &str) -> Result<Option<BoardLink>, String>;
    /// How services, by ARN and in this order, were over the last `days` days.
    async fn history(&self, services: &[String], days: usize) -> Result<Vec<HealthHistory>, String>;
}
