//! What a request claims about its signature, before anything is checked.

use gantry_model::UnixMillis;
use http::HeaderMap;
use http::header::{AUTHORIZATION, DATE};

use super::{ALGORITHM, SigError, SignedRequest, canonical, malformed, time};

/// The longest life of a presigned request, seven days in seconds.
const MAX_EXPIRES_S: i64 = 604_800;

/// What a signature says: whose, when, for what, over which headers.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    pub access_key_id: String,
    /// The day of the credential scope, `yyyymmdd`.
    pub date: String,
    pub region: String,
    /// The service as the scope names it.
    pub service: String,
    /// Lower case, in order.
    pub signed_headers: Vec<String>,
    pub(super) signature: Vec<u8>,
    /// What temporary credentials carry besides their key; to be held against the key by the caller.
    pub session_token: Option<String>,
    /// Seconds that a presigned request lives; `None` for one that is signed by header.
    pub expires_s: Option<i64>,
    /// `yyyymmddThhmmssZ`.
    pub(super) date_time: String,
    pub(super) signed_at: UnixMillis,
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claim")
            .field("access_key_id", &self.access_key_id)
            .field("scope", &self.scope())
            .field("signed_headers", &self.signed_headers)
            .field("expires_s", &self.expires_s)
            .finish_non_exhaustive()
    }
}

impl Claim {
    /// The credential scope, `day/region/service/aws4_request`.
    pub(super) fn scope(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }
}

/// Reads a request's claim from its `Authorization` header or its query.
///
/// # Errors
/// [`SigError::Missing`] when the request is not signed at all, [`SigError::Malformed`] when the signature is not one
/// or leaves out what must be signed.
pub fn parse(request: &SignedRequest<'_>) -> Result<Claim, SigError> {
    let presigned = canonical::pairs(request.query).any(|(name, _)| name == b"X-Amz-Algorithm");
    let claim = match (one_header(request.headers, AUTHORIZATION.as_str())?, presigned) {
        (Some(_), true) => return Err(malformed("A request is signed by header or by query, not by both.")),
        (Some(authorization), false) => from_header(request, authorization)?,
        (None, true) => from_query(request)?,
        (None, false) => return Err(SigError::Missing),
    };
    let signs = |name: &str| claim.signed_headers.iter().any(|signed| signed == name);
    if !signs("host") {
        return Err(malformed("'Host' must be a 'SignedHeader' in the AWS Authorization."));
    }
    if request.headers.contains_key("x-amz-target") && !signs("x-amz-target") {
        return Err(malformed("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."));
    }
    Ok(claim)
}

fn from_header(request: &SignedRequest<'_>, authorization: &str) -> Result<Claim, SigError> {
    let parts = authorization
        .strip_prefix(ALGORITHM)
        .filter(|rest| rest.starts_with([' ', '\t']))
        .ok_or_else(|| malformed(format!("Authorization header requires the algorithm {ALGORITHM}.")))?;
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for part in parts.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (slot, value) = match part.split_once('=') {
            Some(("Credential", value)) => (&mut credential, value),
            Some(("SignedHeaders", value)) => (&mut signed_headers, value),
            Some(("Signature", value)) => (&mut signature, value),
            _ => {
                return Err(malformed(
                    "Authorization header has a part that is none of Credential, SignedHeaders, Signature.",
                ));
            }
        };
        if slot.replace(value).is_some() {
            return Err(malformed("Authorization header has a part twice."));
        }
    }
    let need = |part: Option<_>, name| {
        part.ok_or_else(|| malformed(format!("Authorization header requires '{name}' parameter.")))
    };
    let date = match one_header(request.headers, "x-amz-date")? {
        Some(text) => time::parse(text),
        None => one_header(request.headers, DATE.as_str())?.and_then(time::parse_http_date),
    };
    let token = one_header(request.headers, "x-amz-security-token")?;
    assemble(
        need(credential, "Credential")?,
        need(signed_headers, "SignedHeaders")?,
        need(signature, "Signature")?,
        date,
        token.map(str::to_owned),
        None,
    )
}

fn from_query(request: &SignedRequest<'_>) -> Result<Claim, SigError> {
    let parameter = |wanted: &str| {
        let mut values = canonical::pairs(request.query).filter(|(name, _)| name == wanted.as_bytes()).map(|(_, v)| v);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(malformed(format!("The query has '{wanted}' twice."))),
            (Some(value), None) => {
                String::from_utf8(value).map(Some).map_err(|_| malformed(format!("'{wanted}' is not text.")))
            }
            (None, None) => Ok(None),
        }
    };
    let need = |name: &str| parameter(name)?.ok_or_else(|| malformed(format!("The query requires '{name}'.")));
    if need("X-Amz-Algorithm")? != ALGORITHM {
        return Err(malformed(format!("'X-Amz-Algorithm' must be {ALGORITHM}.")));
    }
    let expires_s = need("X-Amz-Expires")?.parse().ok().filter(|s| (1..=MAX_EXPIRES_S).contains(s));
    let expires_s =
        expires_s.ok_or_else(|| malformed(format!("'X-Amz-Expires' must be 1 to {MAX_EXPIRES_S} seconds.")))?;
    assemble(
        &need("X-Amz-Credential")?,
        &need("X-Amz-SignedHeaders")?,
        &need("X-Amz-Signature")?,
        time::parse(&need("X-Amz-Date")?),
        parameter("X-Amz-Security-Token")?,
        Some(expires_s),
    )
}

fn assemble(
    credential: &str,
    signed_headers: &str,
    signature: &str,
    signed_at: Option<UnixMillis>,
    session_token: Option<String>,
    expires_s: Option<i64>,
) -> Result<Claim, SigError> {
    let parts: Vec<&str> = credential.split('/').collect();
    let [access_key_id, date, region, service, "aws4_request"] = parts[..] else {
        return Err(malformed("Credential must be KEY/yyyymmdd/REGION/SERVICE/aws4_request."));
    };
    if [access_key_id, region, service].iter().any(|part| part.is_empty()) {
        return Err(malformed("Credential has an empty part."));
    }
    let signed_at =
        signed_at.ok_or_else(|| malformed("The request needs 'X-Amz-Date' (yyyymmddThhmmssZ) or 'Date'."))?;
    let date_time = time::format(signed_at).ok_or_else(|| malformed("The request's date is out of range."))?;
    if date_time.get(..8) != Some(date) {
        return Err(malformed("Date in Credential scope does not match the date of the request."));
    }
    let signature = hex::decode(signature).ok().filter(|bytes| bytes.len() == 32);
    Ok(Claim {
        access_key_id: access_key_id.to_owned(),
        date: date.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        signed_headers: header_list(signed_headers)?,
        signature: signature.ok_or_else(|| malformed("Signature must be 64 hexadecimal digits."))?,
        session_token: session_token.filter(|token| !token.is_empty()),
        expires_s,
        date_time,
        signed_at,
    })
}

/// The names of the signed headers: lower case, in order, each once.
fn header_list(text: &str) -> Result<Vec<String>, SigError> {
    let names: Vec<String> = text.split(';').map(str::to_owned).collect();
    let plain =
        |name: &String| !name.is_empty() && !name.bytes().any(|b| b.is_ascii_uppercase() || b.is_ascii_whitespace());
    if names.iter().all(plain) && names.is_sorted_by(|a, b| a < b) {
        Ok(names)
    } else {
        Err(malformed("SignedHeaders must be lower-case names in order, separated by ';'."))
    }
}

/// The value of a header that may stand once at most.
fn one_header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, SigError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(malformed(format!("The request has the header '{name}' twice."))),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(malformed(format!("The header '{name}' is not ASCII text."))),
        },
        (None, None) => Ok(None),
    }
}
