//! Who calls: by what the dashboard says in-process, or by signature against the access keys.

use std::sync::Arc;

use gantry_model::Region;
use gantry_model::principal::Caller;
use gantry_wire::ApiError;
use gantry_wire::sigv4::{self, DEFAULT_SKEW_S, SigError, SignedRequest};
use http::request::Parts;

use crate::context::Control;
use crate::error::Failure;

/// The caller of a request with the head `parts` and the whole `body`.
///
/// A [`Caller`] among the request's extensions is believed: extensions do not come off a wire. Every other request must
/// be signed, in its headers or its query, with a key that is known and not disabled. Also for the upgrade of an agent's
/// sockets, whose body is empty.
///
/// # Errors
/// MissingAuthenticationTokenException, IncompleteSignatureException, UnrecognizedClientException or
/// InvalidSignatureException, as the signature deserves.
pub async fn authenticate(control: &Arc<Control>, parts: &Parts, body: &[u8]) -> Result<Caller, ApiError> {
    if let Some(caller) = parts.extensions.get::<Caller>() {
        return Ok(caller.clone());
    }
    let request = SignedRequest::new(parts);
    let claim = sigv4::parse(&request)?;
    // Keys are for good; only temporary credentials, which nobody can get here, come with a token.
    if claim.session_token.is_some() {
        return Err(SigError::UnknownKey.into());
    }
    let key = {
        let mut reader = control.store.read().await.map_err(|e| ApiError::from(Failure::from(e)))?;
        let found = gantry_store::access_key::get(&mut reader, &claim.access_key_id).await;
        found.map_err(|e| ApiError::from(Failure::from(e)))?
    };
    let key = key.filter(|key| !key.disabled).ok_or(SigError::UnknownKey)?;
    sigv4::verify(&claim, &request, body, &key.secret, control.now(), DEFAULT_SKEW_S)?;
    let region = Region::parse(claim.region.as_str()).map_err(|_| SigError::WrongRegion)?;
    Ok(Caller { principal: key.principal, region, service: claim.service })
}
