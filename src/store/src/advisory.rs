//! Advisories, by what they are about. A new database comes in beside the current one and takes its place at once.

use crate::{Conn, StoreError, Tx};

/// An advisory about one package; the body is JSON of the scanner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvisoryRow {
    pub ecosystem: String,
    pub package: String,
    pub id: String,
    pub body: String,
}

/// What is known of a package in a database.
///
/// # Errors
/// When it cannot be read.
pub async fn of_package(
    conn: &mut Conn,
    generation: i64,
    ecosystem: &str,
    package: &str,
) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar(
        "SELECT body FROM advisory WHERE generation = $1 AND ecosystem = $2 AND package = $3 ORDER BY id",
    )
    .bind(generation)
    .bind(ecosystem)
    .bind(package)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the advisories"))
}

/// Adds advisories to a database.
///
/// # Errors
/// When the rows cannot be written.
pub async fn insert(tx: &mut Tx, generation: i64, rows: &[AdvisoryRow]) -> Result<(), StoreError> {
    for row in rows {
        sqlx::query(
            "INSERT INTO advisory (generation, ecosystem, package, id, body) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (generation, ecosystem, package, id) DO UPDATE SET body = excluded.body",
        )
        .bind(generation)
        .bind(row.ecosystem.as_str())
        .bind(row.package.as_str())
        .bind(row.id.as_str())
        .bind(row.body.as_str())
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("write the advisory"))?;
    }
    Ok(())
}

/// Takes away at most `limit` advisories of other databases than `generation`. Answers whether there were any.
///
/// # Errors
/// When the rows cannot be written.
pub async fn delete_others(tx: &mut Tx, generation: i64, limit: i64) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "DELETE FROM advisory WHERE (generation, ecosystem, package, id) IN
           (SELECT generation, ecosystem, package, id FROM advisory WHERE generation <> $1 LIMIT $2)",
    )
    .bind(generation)
    .bind(limit)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("forget old advisories"))?;
    Ok(done.rows_affected() > 0)
}
