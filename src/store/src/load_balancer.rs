//! Load balancers, their listeners, and the rules of those.

use gantry_model::Scope;
use gantry_model::load_balancing::{Listener, LoadBalancer, Rule};

use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "load balancer";
const LISTENER: &str = "listener";
const RULE: &str = "rule of the listener";

/// The load balancers of `scope`, by name.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(conn: &mut Conn, scope: &Scope) -> Result<Vec<LoadBalancer>, StoreError> {
    let bodies: Vec<String> =
        sqlx::query_scalar("SELECT body FROM load_balancer WHERE account = $1 AND region = $2 ORDER BY name")
            .bind(scope.account.as_str())
            .bind(scope.region.as_str())
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("list the load balancers"))?;
    body::decode_all(WHAT, &bodies)
}

/// Every load balancer, in the order in which they were made.
///
/// # Errors
/// When the database cannot be read.
pub async fn all(conn: &mut Conn) -> Result<Vec<LoadBalancer>, StoreError> {
    let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM load_balancer ORDER BY arn")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the load balancers"))?;
    let mut all: Vec<LoadBalancer> = body::decode_all(WHAT, &bodies)?;
    all.sort_by_key(|load_balancer| load_balancer.created_at);
    Ok(all)
}

/// The load balancer with this ARN.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, arn: &str) -> Result<Option<LoadBalancer>, StoreError> {
    let text = sqlx::query_scalar("SELECT body FROM load_balancer WHERE arn = $1")
        .bind(arn)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the load balancer"))?;
    body::decode_optional(WHAT, text)
}

/// Writes a load balancer, new or changed.
///
/// # Errors
/// When the database cannot be written; also when there is another of that name.
pub async fn put(tx: &mut Tx, load_balancer: &LoadBalancer) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO load_balancer (arn, account, region, name, body) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (arn) DO UPDATE SET body = excluded.body",
    )
    .bind(load_balancer.arn())
    .bind(load_balancer.scope.account.as_str())
    .bind(load_balancer.scope.region.as_str())
    .bind(&load_balancer.name)
    .bind(body::encode(WHAT, load_balancer)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the load balancer"))?;
    Ok(())
}

/// Deletes a load balancer with its listeners and their rules.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, arn: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM load_balancer WHERE arn = $1")
        .bind(arn)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the load balancer"))?;
    Ok(())
}

/// Every listener.
///
/// # Errors
/// When the database cannot be read.
pub async fn all_listeners(conn: &mut Conn) -> Result<Vec<Listener>, StoreError> {
    let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM listener ORDER BY arn")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the listeners"))?;
    body::decode_all(LISTENER, &bodies)
}

/// The listeners of a load balancer.
///
/// # Errors
/// When the database cannot be read.
pub async fn listeners(conn: &mut Conn, load_balancer: &str) -> Result<Vec<Listener>, StoreError> {
    let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM listener WHERE load_balancer = $1 ORDER BY arn")
        .bind(load_balancer)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the listeners of the load balancer"))?;
    body::decode_all(LISTENER, &bodies)
}

/// The listener with this ARN.
///
/// # Errors
/// When the database cannot be read.
pub async fn listener(conn: &mut Conn, arn: &str) -> Result<Option<Listener>, StoreError> {
    let text = sqlx::query_scalar("SELECT body FROM listener WHERE arn = $1")
        .bind(arn)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the listener"))?;
    body::decode_optional(LISTENER, text)
}

/// Writes a listener, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn put_listener(tx: &mut Tx, listener: &Listener) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO listener (arn, load_balancer, body) VALUES ($1, $2, $3)
         ON CONFLICT (arn) DO UPDATE SET body = excluded.body",
    )
    .bind(&listener.arn)
    .bind(&listener.load_balancer)
    .bind(body::encode(LISTENER, listener)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the listener"))?;
    Ok(())
}

/// Deletes a listener with its rules.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete_listener(tx: &mut Tx, arn: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM listener WHERE arn = $1")
        .bind(arn)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the listener"))?;
    Ok(())
}

/// Every rule, by listener and priority.
///
/// # Errors
/// When the database cannot be read.
pub async fn all_rules(conn: &mut Conn) -> Result<Vec<Rule>, StoreError> {
    let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM listener_rule ORDER BY listener, priority")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the rules"))?;
    body::decode_all(RULE, &bodies)
}

/// The rules of a listener, by priority.
///
/// # Errors
/// When the database cannot be read.
pub async fn rules(conn: &mut Conn, listener: &str) -> Result<Vec<Rule>, StoreError> {
    let bodies: Vec<String> =
        sqlx::query_scalar("SELECT body FROM listener_rule WHERE listener = $1 ORDER BY priority")
            .bind(listener)
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("list the rules of the listener"))?;
    body::decode_all(RULE, &bodies)
}

/// The rule with this ARN.
///
/// # Errors
/// When the database cannot be read.
pub async fn rule(conn: &mut Conn, arn: &str) -> Result<Option<Rule>, StoreError> {
    let text = sqlx::query_scalar("SELECT body FROM listener_rule WHERE arn = $1")
        .bind(arn)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the rule"))?;
    body::decode_optional(RULE, text)
}

/// Writes a rule, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn put_rule(tx: &mut Tx, rule: &Rule) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO listener_rule (arn, listener, priority, body) VALUES ($1, $2, $3, $4)
         ON CONFLICT (arn) DO UPDATE SET priority = excluded.priority, body = excluded.body",
    )
    .bind(&rule.arn)
    .bind(&rule.listener)
    .bind(i64::from(rule.priority))
    .bind(body::encode(RULE, rule)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the rule"))?;
    Ok(())
}

/// Deletes a rule.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete_rule(tx: &mut Tx, arn: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM listener_rule WHERE arn = $1")
        .bind(arn)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the rule"))?;
    Ok(())
}
