//! Rules, and the times at which their targets were due.

use gantry_model::rule::{Rule, RuleRun};
use gantry_model::{RuleName, Scope, UnixMillis};

use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "rule";
const RUN: &str = "run of the rule";

/// A rule with what the store keeps of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRule {
    pub id: i64,
    pub rule: Rule,
}

/// A run with what the store keeps of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRun {
    pub id: i64,
    pub rule: i64,
    pub run: RuleRun,
}

impl StoredRule {
    fn of_row((id, text): (i64, String)) -> Result<Self, StoreError> {
        Ok(Self { id, rule: body::decode(WHAT, &text)? })
    }
}

impl StoredRun {
    fn of_row((id, rule, text): (i64, i64, String)) -> Result<Self, StoreError> {
        Ok(Self { id, rule, run: body::decode(RUN, &text)? })
    }
}

/// The rule called `name`.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, scope: &Scope, name: &RuleName) -> Result<Option<StoredRule>, StoreError> {
    let row = sqlx::query_as("SELECT id, body FROM rule WHERE account = $1 AND region = $2 AND name = $3")
        .bind(scope.account.as_str())
        .bind(scope.region.as_str())
        .bind(name.as_str())
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the rule"))?;
    row.map(StoredRule::of_row).transpose()
}

/// The rules of `scope`, by name.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(conn: &mut Conn, scope: &Scope) -> Result<Vec<StoredRule>, StoreError> {
    let rows = sqlx::query_as("SELECT id, body FROM rule WHERE account = $1 AND region = $2 ORDER BY name")
        .bind(scope.account.as_str())
        .bind(scope.region.as_str())
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the rules"))?;
    rows.into_iter().map(StoredRule::of_row).collect()
}

/// The rules that are due at `now`, those that wait longest first, at most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub async fn due(conn: &mut Conn, now: UnixMillis, limit: i64) -> Result<Vec<StoredRule>, StoreError> {
    let rows = sqlx::query_as("SELECT id, body FROM rule WHERE next_at <= $1 ORDER BY next_at LIMIT $2")
        .bind(now.0)
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the rules that are due"))?;
    rows.into_iter().map(StoredRule::of_row).collect()
}

/// The rule with this id.
///
/// # Errors
/// When the database cannot be read.
pub async fn by_id(conn: &mut Conn, id: i64) -> Result<Option<StoredRule>, StoreError> {
    let row = sqlx::query_as("SELECT id, body FROM rule WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the rule"))?;
    row.map(StoredRule::of_row).transpose()
}

/// Writes a rule, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, rule: &Rule) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO rule (account, region, name, next_at, body) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account, region, name) DO UPDATE SET next_at = excluded.next_at, body = excluded.body",
    )
    .bind(rule.scope.account.as_str())
    .bind(rule.scope.region.as_str())
    .bind(rule.name.as_str())
    .bind(rule.next_at.map(|at| at.0))
    .bind(body::encode(WHAT, rule)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the rule"))?;
    Ok(())
}

/// Deletes a rule with its runs.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM rule WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the rule"))?;
    Ok(())
}

/// Writes a run that is to be tried at `try_at`.
///
/// # Errors
/// When the database cannot be written.
pub async fn add_run(tx: &mut Tx, rule: i64, run: &RuleRun, try_at: UnixMillis) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO rule_run (rule, try_at, body) VALUES ($1, $2, $3)")
        .bind(rule)
        .bind(try_at.0)
        .bind(body::encode(RUN, run)?)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("write the run of the rule"))?;
    Ok(())
}

/// Changes a run, which is tried again at `try_at` or never.
///
/// # Errors
/// When the database cannot be written.
pub async fn change_run(tx: &mut Tx, stored: &StoredRun, try_at: Option<UnixMillis>) -> Result<(), StoreError> {
    sqlx::query("UPDATE rule_run SET try_at = $2, body = $3 WHERE id = $1")
        .bind(stored.id)
        .bind(try_at.map(|at| at.0))
        .bind(body::encode(RUN, &stored.run)?)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("change the run of the rule"))?;
    Ok(())
}

/// The runs that are to be tried at `now`, at most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub async fn runs_to_try(conn: &mut Conn, now: UnixMillis, limit: i64) -> Result<Vec<StoredRun>, StoreError> {
    let rows = sqlx::query_as("SELECT id, rule, body FROM rule_run WHERE try_at <= $1 ORDER BY try_at, id LIMIT $2")
        .bind(now.0)
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the runs that are to be tried"))?;
    rows.into_iter().map(StoredRun::of_row).collect()
}

/// The newest runs of a rule, at most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub async fn runs(conn: &mut Conn, rule: i64, limit: i64) -> Result<Vec<StoredRun>, StoreError> {
    let rows = sqlx::query_as("SELECT id, rule, body FROM rule_run WHERE rule = $1 ORDER BY id DESC LIMIT $2")
        .bind(rule)
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the runs of the rule"))?;
    rows.into_iter().map(StoredRun::of_row).collect()
}

/// Forgets the runs of a rule that have ended, but for the newest `kept`.
///
/// # Errors
/// When the database cannot be written.
pub async fn forget_runs(tx: &mut Tx, rule: i64, kept: i64) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM rule_run WHERE rule = $1 AND try_at IS NULL
           AND id NOT IN (SELECT id FROM rule_run WHERE rule = $1 ORDER BY id DESC LIMIT $2)",
    )
    .bind(rule)
    .bind(kept)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("forget the runs of the rule"))?;
    Ok(())
}
