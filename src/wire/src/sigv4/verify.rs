//! Verification: the claim's time, then its signature over what was received.

use gantry_model::UnixMillis;
use subtle::ConstantTimeEq as _;

use super::key::{self, sha256_hex};
use super::{Claim, SigError, SignedRequest, canonical, time};

/// Holds a claim against the request it came with, the body received and the secret of the key that it names.
///
/// `skew_s` is how far the request's time may be from `now`; a presigned request may be as old as it says itself.
///
/// # Errors
/// Why the signature is not accepted.
pub fn verify(
    claim: &Claim,
    request: &SignedRequest<'_>,
    body: &[u8],
    secret: &str,
    now: UnixMillis,
    skew_s: i64,
) -> Result<(), SigError> {
    check_time(claim, now, skew_s)?;
    check_payload(request)?;
    let payload_hash = sha256_hex(body);
    let matches = |skip_token: bool| {
        let skip = |name: &[u8]| {
            claim.expires_s.is_some() && (name == b"X-Amz-Signature" || (skip_token && name == b"X-Amz-Security-Token"))
        };
        let canonical = canonical::request(request, &claim.signed_headers, skip, &payload_hash)?;
        let string_to_sign = canonical::string_to_sign(&claim.date_time, &claim.scope(), &canonical);
        let expected = key::signature(secret, &claim.date, &claim.region, &claim.service, &string_to_sign);
        Ok(bool::from(expected.ct_eq(&claim.signature)))
    };
    // Some signers append the session token to a presigned query after signing. The token is held against the key by
    // the caller, so that it need not be signed.
    let token_may_be_appended = claim.expires_s.is_some() && claim.session_token.is_some();
    if matches(false)? || (token_may_be_appended && matches(true)?) { Ok(()) } else { Err(SigError::Mismatch) }
}

fn check_time(claim: &Claim, now: UnixMillis, skew_s: i64) -> Result<(), SigError> {
    let show = |at: UnixMillis| time::format(at).unwrap_or_else(|| at.0.to_string());
    let latest = now.plus_seconds(skew_s);
    if claim.signed_at > latest {
        return Err(SigError::NotYetCurrent {
            signed: claim.date_time.clone(),
            latest: format!("{} ({} + {} min.)", show(latest), show(now), skew_s / 60),
        });
    }
    let life_s = claim.expires_s.unwrap_or(skew_s);
    let earliest = now.plus_seconds(life_s.saturating_neg());
    if claim.signed_at < earliest {
        let life = if claim.expires_s.is_some() { format!("{life_s} s") } else { format!("{} min.", life_s / 60) };
        return Err(SigError::Expired {
            signed: claim.date_time.clone(),
            earliest: format!("{} ({} - {life})", show(earliest), show(now)),
        });
    }
    Ok(())
}

/// The payload must be signed as a whole: S3's ways around it are refused by name.
fn check_payload(request: &SignedRequest<'_>) -> Result<(), SigError> {
    let declared = request.headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
    match declared {
        Some(text) if text == "UNSIGNED-PAYLOAD" || text.starts_with("STREAMING-") => {
            Err(SigError::UnsignedPayload(text.chars().take(40).collect()))
        }
        _ => Ok(()),
    }
}
