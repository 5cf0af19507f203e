//! Status boards and the links that open them. Of a link's key only the hash is kept.

use gantry_model::board::{Board, BoardLink};
use gantry_model::{BoardName, UnixMillis};

use crate::{Conn, StoreError, Tx, body};

const BOARD: &str = "board";
const LINK: &str = "board's link";

/// The board.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, name: &BoardName) -> Result<Option<Board>, StoreError> {
    let row: Option<String> = sqlx::query_scalar("SELECT body FROM board WHERE name = $1")
        .bind(name.as_str())
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the board"))?;
    body::decode_optional(BOARD, row)
}

/// All boards, by name.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(conn: &mut Conn) -> Result<Vec<Board>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar("SELECT body FROM board ORDER BY name")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the boards"))?;
    body::decode_all(BOARD, &rows)
}

/// Writes a new board. Answers false, and writes nothing, when there is one of that name.
///
/// # Errors
/// When the database cannot be written.
pub async fn create(tx: &mut Tx, board: &Board) -> Result<bool, StoreError> {
    let done = sqlx::query("INSERT INTO board (name, body) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(board.name.as_str())
        .bind(body::encode(BOARD, board)?)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("write the board"))?;
    Ok(done.rows_affected() == 1)
}

/// Changes a board; its links stay. Answers whether there was one.
///
/// # Errors
/// When the database cannot be written.
pub async fn change(tx: &mut Tx, board: &Board) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE board SET body = $2 WHERE name = $1")
        .bind(board.name.as_str())
        .bind(body::encode(BOARD, board)?)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("change the board"))?;
    Ok(done.rows_affected() == 1)
}

/// Deletes the board with its links.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, name: &BoardName) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM board WHERE name = $1")
        .bind(name.as_str())
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the board"))?;
    Ok(())
}

/// Remembers a link by the hash of its key.
///
/// # Errors
/// When the database cannot be written, or there is no such board.
pub async fn put_link(tx: &mut Tx, key_hash: &str, link: &BoardLink) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO board_link (id, board, key_hash, expires_at, body) VALUES ($1, $2, $3, $4, $5)")
        .bind(link.id.as_str())
        .bind(link.board.as_str())
        .bind(key_hash)
        .bind(link.expires_at.0)
        .bind(body::encode(LINK, link)?)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("write the board's link"))?;
    Ok(())
}

/// The links of a board that have not expired by `now`, in the order of their end.
///
/// # Errors
/// When the database cannot be read.
pub async fn links(conn: &mut Conn, board: &BoardName, now: UnixMillis) -> Result<Vec<BoardLink>, StoreError> {
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT body FROM board_link WHERE board = $1 AND expires_at > $2 ORDER BY expires_at, id")
            .bind(board.as_str())
            .bind(now.0)
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("list the board's links"))?;
    body::decode_all(LINK, &rows)
}

/// The link to `board` whose key has this hash, unless it has expired by `now`.
///
/// # Errors
/// When the database cannot be read.
pub async fn link_by_key(
    conn: &mut Conn,
    board: &BoardName,
    key_hash: &str,
    now: UnixMillis,
) -> Result<Option<BoardLink>, StoreError> {
    let row: Option<String> =
        sqlx::query_scalar("SELECT body FROM board_link WHERE key_hash = $1 AND board = $2 AND expires_at > $3")
            .bind(key_hash)
            .bind(board.as_str())
            .bind(now.0)
            .fetch_optional(conn)
            .await
            .map_err(StoreError::query("read the board's link"))?;
    body::decode_optional(LINK, row)
}

/// Revokes a link of a board. Answers whether there was one.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete_link(tx: &mut Tx, board: &BoardName, id: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM board_link WHERE board = $1 AND id = $2")
        .bind(board.as_str())
        .bind(id)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("revoke the board's link"))?;
    Ok(done.rows_affected() == 1)
}

/// Forgets the links that have expired by `now`.
///
/// # Errors
/// When the database cannot be written.
pub async fn forget_expired_links(tx: &mut Tx, now: UnixMillis) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM board_link WHERE expires_at <= $1")
        .bind(now.0)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("forget expired links of boards"))?;
    Ok(())
}
