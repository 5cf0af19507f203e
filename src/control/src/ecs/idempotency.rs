//! Client tokens: a request that is sent twice is done once (ECS API reference, "Ensuring idempotency").

use gantry_model::{Scope, UnixMillis};
use gantry_store::Tx;
use gantry_wire::ApiError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::ecs::run_task::token_expiry;
use crate::error::Failure;

/// The answer that was given to `token` before, when there is a token and it was used.
///
/// # Errors
/// ConflictException when the token stood for other parameters; InvalidParameterException when it has a wrong form.
pub async fn earlier<I: Serialize, O: DeserializeOwned>(
    tx: &mut Tx,
    scope: &Scope,
    operation: &str,
    token: Option<&str>,
    input: &I,
) -> Result<Option<O>, Failure> {
    let Some(token) = token else { return Ok(None) };
    if !(1..=64).contains(&token.len()) || !token.bytes().all(|b| (33..=126).contains(&b)) {
        return Err(ApiError::invalid_parameter("clientToken must be 1 to 64 printable characters.").into());
    }
    let Some((hash, answer)) = gantry_store::client_token::get(tx, scope, operation, token).await? else {
        return Ok(None);
    };
    if hash != digest(input)? {
        let mut conflict = ApiError::new("ConflictException", "The clientToken was used with other parameters.");
        conflict.members.insert("resourceIds".to_owned(), json!([]));
        return Err(conflict.into());
    }
    let answer = serde_json::from_str(&answer)
        .map_err(|e| ApiError::server(format!("the answer kept for a client token does not read: {e}")))?;
    Ok(Some(answer))
}

/// Keeps `answer` under `token`, when there is one.
///
/// # Errors
/// The store's.
pub async fn remember<I: Serialize, O: Serialize>(
    tx: &mut Tx,
    scope: &Scope,
    operation: &str,
    token: Option<&str>,
    input: &I,
    answer: &O,
    now: UnixMillis,
) -> Result<(), Failure> {
    let Some(token) = token else { return Ok(()) };
    let answer =
        serde_json::to_string(answer).map_err(|e| ApiError::server(format!("an answer does not encode: {e}")))?;
    let hash = digest(input)?;
    gantry_store::client_token::put(tx, scope, operation, token, &hash, &answer, token_expiry(now)).await?;
    Ok(())
}

fn digest<I: Serialize>(input: &I) -> Result<String, ApiError> {
    let bytes = serde_json::to_vec(input).map_err(|e| ApiError::server(format!("a request does not encode: {e}")))?;
    Ok(hex::encode(Sha256::digest(bytes)))
}
