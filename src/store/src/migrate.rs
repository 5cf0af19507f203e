//! The schema, and how a database comes to have it.
//!
//! Migrations are embedded, numbered without gaps, each run in a transaction of its own and recorded with a checksum in
//! the table `migration`. A database that is ahead of this release, or whose past differs from it, is refused: guessing
//! would cost data. A released migration is never edited; a change is a new number.

use sha2::{Digest, Sha256};
use sqlx::Connection;

use crate::{Conn, StoreError};

/// One step of the schema.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

/// All steps, in order. Each has its namesake under `migrations/postgres`.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "control_plane",
        sql: include_str!("../../../migrations/sqlite/0001_control_plane.sql"),
    },
    Migration { version: 2, name: "registry", sql: include_str!("../../../migrations/sqlite/0002_registry.sql") },
    Migration {
        version: 3,
        name: "service_deployments",
        sql: include_str!("../../../migrations/sqlite/0003_service_deployments.sql"),
    },
    Migration {
        version: 4,
        name: "capacity_providers",
        sql: include_str!("../../../migrations/sqlite/0004_capacity_providers.sql"),
    },
    Migration { version: 5, name: "join_tokens", sql: include_str!("../../../migrations/sqlite/0005_join_tokens.sql") },
    Migration {
        version: 6,
        name: "unstopped_tasks",
        sql: include_str!("../../../migrations/sqlite/0006_unstopped_tasks.sql"),
    },
    Migration {
        version: 7,
        name: "notifications",
        sql: include_str!("../../../migrations/sqlite/0007_notifications.sql"),
    },
    Migration {
        version: 8,
        name: "registry_settings",
        sql: include_str!("../../../migrations/sqlite/0008_registry_settings.sql"),
    },
    Migration { version: 9, name: "scanning", sql: include_str!("../../../migrations/sqlite/0009_scanning.sql") },
    Migration {
        version: 10,
        name: "replication",
        sql: include_str!("../../../migrations/sqlite/0010_replication.sql"),
    },
    Migration { version: 11, name: "scrub", sql: include_str!("../../../migrations/sqlite/0011_scrub.sql") },
    Migration { version: 12, name: "boards", sql: include_str!("../../../migrations/sqlite/0012_boards.sql") },
    Migration { version: 13, name: "logs", sql: include_str!("../../../migrations/sqlite/0013_logs.sql") },
    Migration { version: 14, name: "secrets", sql: include_str!("../../../migrations/sqlite/0014_secrets.sql") },
    Migration { version: 15, name: "rules", sql: include_str!("../../../migrations/sqlite/0015_rules.sql") },
    Migration {
        version: 16,
        name: "load_balancing",
        sql: include_str!("../../../migrations/sqlite/0016_load_balancing.sql"),
    },
];

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS migration (
    version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT";

/// Brings the database to this release's schema.
pub(crate) async fn run(conn: &mut Conn) -> Result<(), StoreError> {
    run_steps(conn, MIGRATIONS).await
}

async fn run_steps(conn: &mut Conn, steps: &'static [Migration]) -> Result<(), StoreError> {
    sqlx::query(CREATE_TABLE).execute(&mut *conn).await.map_err(StoreError::query("create the table of migrations"))?;
    let done: Vec<(i64, String, String)> =
        sqlx::query_as("SELECT version, name, checksum FROM migration ORDER BY version")
            .fetch_all(&mut *conn)
            .await
            .map_err(StoreError::query("read which migrations were run"))?;
    refuse_foreign_past(&done, steps)?;
    for step in &steps[done.len().min(steps.len())..] {
        apply(conn, step).await.map_err(|source| StoreError::Migration {
            version: step.version,
            name: step.name,
            source,
        })?;
    }
    Ok(())
}

fn refuse_foreign_past(done: &[(i64, String, String)], steps: &[Migration]) -> Result<(), StoreError> {
    let known = steps.last().map_or(0, |step| step.version);
    if let Some((found, ..)) = done.last().filter(|(version, ..)| *version > known) {
        return Err(StoreError::SchemaTooNew { found: *found, known });
    }
    for ((version, name, stored), step) in done.iter().zip(steps) {
        if *version != step.version || *stored != checksum(step) {
            return Err(StoreError::MigrationChanged { version: *version, name: name.clone() });
        }
    }
    Ok(())
}

async fn apply(conn: &mut Conn, step: &Migration) -> Result<(), sqlx::Error> {
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(step.sql).execute(&mut *tx).await?;
    sqlx::query("INSERT INTO migration (version, name, checksum) VALUES ($1, $2, $3)")
        .bind(step.version)
        .bind(step.name)
        .bind(checksum(step))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

fn checksum(step: &Migration) -> String {
    hex::encode(Sha256::digest(step.sql.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migration = Migration { version: 1, name: "one", sql: "CREATE TABLE one (id INTEGER) STRICT;" };
    const ONE_EDITED: Migration = Migration { version: 1, name: "one", sql: "CREATE TABLE uno (id INTEGER) STRICT;" };
    const TWO: Migration =
        Migration { version: 2, name: "two", sql: "CREATE TABLE two (id INTEGER) STRICT; INSERT INTO two VALUES (2);" };
    const TWO_BROKEN: Migration = Migration {
        version: 2,
        name: "two",
        sql: "CREATE TABLE half (id INTEGER) STRICT; INSERT INTO none VALUES (1);",
    };

    async fn empty() -> Conn {
        Conn::connect("sqlite::memory:").await.unwrap()
    }

    #[tokio::test]
    async fn steps_run_once_each_and_in_order() {
        let mut conn = empty().await;
        run_steps(&mut conn, &[ONE]).await.unwrap();
        run_steps(&mut conn, &[ONE, TWO]).await.unwrap();
        run_steps(&mut conn, &[ONE, TWO]).await.unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM two").fetch_one(&mut conn).await.unwrap();
        assert_eq!(rows, 1);
    }

    #[tokio::test]
    async fn a_newer_schema_is_refused() {
        let mut conn = empty().await;
        run_steps(&mut conn, &[ONE, TWO]).await.unwrap();
        let refused = run_steps(&mut conn, &[ONE]).await.unwrap_err();
        assert!(matches!(refused, StoreError::SchemaTooNew { found: 2, known: 1 }), "{refused}");
    }

    #[tokio::test]
    async fn an_edited_step_is_refused() {
        let mut conn = empty().await;
        run_steps(&mut conn, &[ONE]).await.unwrap();
        let refused = run_steps(&mut conn, &[ONE_EDITED]).await.unwrap_err();
        assert!(matches!(refused, StoreError::MigrationChanged { version: 1, .. }), "{refused}");
    }

    #[tokio::test]
    async fn a_failing_step_leaves_nothing_behind() {
        let mut conn = empty().await;
        run_steps(&mut conn, &[ONE, TWO_BROKEN]).await.unwrap_err();
        let half: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name = 'half'")
            .fetch_one(&mut conn)
            .await
            .unwrap();
        assert_eq!(half, 0);
        run_steps(&mut conn, &[ONE, TWO]).await.unwrap();
    }
}
