//! Signatures made by AWS's own signer and by ours; what is refused and in which words.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::{HeaderName, HeaderValue, Request};
use proptest::prelude::*;

use super::*;
use crate::query;

const NOW: UnixMillis = UnixMillis(1_764_000_000_000);
const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// Signs with AWS's signer.
fn aws_signed(mut request: Request<Vec<u8>>, token: Option<&str>, by_query: bool) -> Request<Vec<u8>> {
    let mut settings = SigningSettings::default();
    if by_query {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(600));
    }
    let identity = AwsCredentials::new(KEY, SECRET, token.map(str::to_owned), None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("ecs")
        .time(SystemTime::UNIX_EPOCH + Duration::from_millis(NOW.0.unsigned_abs()))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let uri = request.uri().to_string();
    let body = SignableBody::Bytes(request.body());
    let signable = SignableRequest::new(request.method().as_str(), uri, headers, body).unwrap();
    let (instructions, _) = sign(signable, &params).unwrap().into_parts();
    instructions.apply_to_request_http1x(&mut request);
    request
}

fn check_at(request: &Request<Vec<u8>>, now: UnixMillis) -> Result<Claim, SigError> {
    let view = SignedRequest::of(request.method().as_str(), request.uri(), request.headers());
    let claim = parse(&view)?;
    verify(&claim, &view, request.body(), SECRET, now, DEFAULT_SKEW_S)?;
    Ok(claim)
}

fn check(request: &Request<Vec<u8>>) -> Result<Claim, SigError> {
    check_at(request, NOW)
}

fn plain() -> Request<Vec<u8>> {
    Request::post("http://gantry.test:8080/")
        .header("host", "gantry.test:8080")
        .header("x-amz-target", "AmazonEC2ContainerServiceV20141113.ListClusters")
        .header("content-type", "application/x-amz-json-1.1")
        .body(b"{}".to_vec())
        .unwrap()
}

/// Our own signature of the plain request.
fn signed() -> Request<Vec<u8>> {
    let credentials = Credentials { access_key_id: KEY.into(), secret_access_key: SECRET.into(), session_token: None };
    let mut request = plain();
    let (uri, body) = (request.uri().clone(), request.body().clone());
    let signer = Signer { credentials: &credentials, region: "eu-west-1", service: "ecs" };
    signer.sign_headers("POST", &uri, request.headers_mut(), &body, NOW).unwrap();
    request
}

fn with_header(mut request: Request<Vec<u8>>, name: &str, value: &str) -> Request<Vec<u8>> {
    request.headers_mut().insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    request
}

/// The request with `from` in its authorisation replaced.
fn altered(from: &str, to: &str) -> Request<Vec<u8>> {
    let request = signed();
    let authorization = request.headers()["authorization"].to_str().unwrap().replace(from, to);
    with_header(request, "authorization", &authorization)
}

#[test]
fn a_claim_says_who_where_and_what_for() {
    let claim = check(&aws_signed(plain(), Some("S3SSION"), false)).unwrap();
    assert_eq!(
        (claim.access_key_id.as_str(), claim.region.as_str(), claim.service.as_str()),
        (KEY, "eu-west-1", "ecs")
    );
    assert_eq!(claim.session_token.as_deref(), Some("S3SSION"));
    assert_eq!(claim.expires_s, None);
    assert_eq!(claim.signed_at(), NOW);
    assert_eq!(claim.check_service(Service::Ecs), Ok(()));
    assert_eq!(claim.check_service(Service::Ecr), Err(SigError::WrongService("ecr")));
    let debug = format!("{claim:?}");
    assert!(debug.contains(KEY) && !debug.contains("S3SSION"), "{debug}");
}

#[test]
fn what_our_signer_signs_is_accepted() {
    assert_eq!(check(&signed()).unwrap().access_key_id, KEY);
}

#[test]
fn our_signature_is_the_one_that_aws_makes() {
    let theirs = aws_signed(plain(), None, false);
    assert_eq!(signed().headers()["authorization"], theirs.headers()["authorization"]);
}

#[test]
fn a_presigned_link_is_accepted_until_it_expires() {
    for token in [None, Some("a/token+with=signs".to_owned())] {
        let credentials =
            Credentials { access_key_id: KEY.into(), secret_access_key: SECRET.into(), session_token: token };
        let signer = Signer { credentials: &credentials, region: "eu-west-1", service: "ecs" };
        let uri: Uri = "ws://gantry.test:8080/ws?clusterArn=arn%3Aaws&seqNum=1".parse().unwrap();
        let uri = signer.presign("GET", &uri, NOW, 60).unwrap();
        let request = Request::get(uri).body(Vec::new()).unwrap();
        let claim = check_at(&request, NOW.plus_seconds(60)).unwrap();
        assert_eq!((claim.expires_s, &claim.session_token), (Some(60), &credentials.session_token));
        assert!(matches!(check_at(&request, NOW.plus_seconds(61)), Err(SigError::Expired { .. })));
        assert!(matches!(check_at(&request, NOW.plus_seconds(-901)), Err(SigError::NotYetCurrent { .. })));
    }
}

#[test]
fn the_window_is_open_at_both_ends() {
    for (seconds, accepted) in [(-901, false), (-900, true), (900, true), (901, false)] {
        assert_eq!(check_at(&signed(), NOW.plus_seconds(seconds)).is_ok(), accepted, "{seconds}");
    }
}

#[test]
fn a_date_header_may_stand_in_for_the_signed_time() {
    let mut request = altered("x-amz-date;", "");
    request.headers_mut().remove("x-amz-date");
    let request = with_header(request, "date", "Mon, 24 Nov 2025 16:00:00 GMT");
    // The time is read; the signature, made over another list of headers, is not the right one.
    assert_eq!(check(&request), Err(SigError::Mismatch));
}

#[test]
fn the_authority_stands_for_a_host_header_that_is_missing() {
    let mut request = signed();
    request.headers_mut().remove("host");
    assert!(check(&request).is_ok());
}

#[test]
fn what_is_refused_and_how() {
    let mut unsigned = plain();
    unsigned.headers_mut().remove("authorization");
    let mut no_type = signed();
    no_type.headers_mut().remove("content-type");
    let both = {
        let mut request = signed();
        *request.uri_mut() = "http://gantry.test:8080/?X-Amz-Algorithm=AWS4-HMAC-SHA256".parse().unwrap();
        request
    };
    let query = |query: &str| {
        let request = Request::get(format!("http://gantry.test:8080/?X-Amz-Algorithm=AWS4-HMAC-SHA256{query}"));
        request.body(Vec::new()).unwrap()
    };
    let credential =
        "&X-Amz-Credential=A/20251124/r/ecs/aws4_request&X-Amz-Date=20251124T160000Z&X-Amz-SignedHeaders=host";
    let zeros = "0".repeat(64);
    let cases = [
        ("no signature", unsigned),
        ("header and query", both),
        ("basic authentication", with_header(plain(), "authorization", "Basic QTpC")),
        ("sigv4a", altered("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")),
        ("no credential", altered("Credential=", "Credentials=")),
        ("a part twice", altered("SignedHeaders=", "Signature=00, SignedHeaders=")),
        ("no signature part", altered(", Signature=", ", Sig=")),
        (
            "short signature",
            with_header(
                plain(),
                "authorization",
                "AWS4-HMAC-SHA256 Credential=A/20251124/r/s/aws4_request,SignedHeaders=host,Signature=00",
            ),
        ),
        ("short scope", altered("/ecs/aws4_request", "/aws4_request")),
        ("scope of another day", altered("/20251124/", "/20251125/")),
        ("host not signed", altered(";host;", ";")),
        ("target not signed", altered(";x-amz-target", "")),
        ("headers out of order", altered("content-type;host", "host;content-type")),
        ("a signed header is gone", no_type),
        ("a bad date", with_header(signed(), "x-amz-date", "yesterday")),
        ("another secret's signature", altered("Signature=", "Signature=").map(|_| b"{ }".to_vec())),
        ("another region", altered("/eu-west-1/", "/us-east-1/")),
        ("unsigned payload", with_header(signed(), "x-amz-content-sha256", "UNSIGNED-PAYLOAD")),
        ("streaming payload", with_header(signed(), "x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")),
        ("no expiry", query(&format!("{credential}&X-Amz-Signature={zeros}"))),
        ("expiry too long", query(&format!("{credential}&X-Amz-Signature={zeros}&X-Amz-Expires=604801"))),
        ("a parameter twice", query(&format!("{credential}&X-Amz-Signature={zeros}&X-Amz-Expires=60&X-Amz-Date=x"))),
        ("a made-up signature", query(&format!("{credential}&X-Amz-Signature={zeros}&X-Amz-Expires=60"))),
    ];
    let mut all = String::new();
    for (what, request) in cases {
        let error = ApiError::from(check(&request).expect_err(what));
        assert_eq!(error.http_status, 400);
        all.push_str(&format!("{what}: {} {}\n", error.code, error.message));
    }
    for seconds in [-3600, 3600] {
        let error = ApiError::from(check_at(&signed(), NOW.plus_seconds(seconds)).unwrap_err());
        all.push_str(&format!("{seconds} s away: {} {}\n", error.code, error.message));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn each_refusal_has_a_code_in_both_families() {
    let window = || (String::new(), String::new());
    for (error, json, (code, status)) in [
        (SigError::Missing, "MissingAuthenticationTokenException", ("MissingAuthenticationToken", 403)),
        (malformed("x"), "IncompleteSignatureException", ("IncompleteSignature", 400)),
        (SigError::UnknownKey, "UnrecognizedClientException", ("InvalidClientTokenId", 403)),
        (SigError::Mismatch, "InvalidSignatureException", ("SignatureDoesNotMatch", 403)),
        (
            SigError::Expired { signed: window().0, earliest: window().1 },
            "InvalidSignatureException",
            ("SignatureDoesNotMatch", 403),
        ),
        (SigError::TokenExpired, "ExpiredTokenException", ("ExpiredToken", 403)),
        (SigError::WrongService("ecs"), "InvalidSignatureException", ("SignatureDoesNotMatch", 403)),
        (SigError::WrongRegion, "InvalidSignatureException", ("SignatureDoesNotMatch", 403)),
    ] {
        let error = ApiError::from(error);
        assert_eq!((error.code, query::code_and_status(&error)), (json, (code, status)));
    }
}

/// Another byte of the same kind, so that the request stays one.
fn other(byte: u8) -> u8 {
    match byte {
        b'0' => b'1',
        b'a' => b'b',
        b'A' => b'B',
        b if b.is_ascii_digit() => b'0',
        b if b.is_ascii_lowercase() => b'a',
        _ => b'A',
    }
}

/// `text` with one of its letters or digits changed; `None` when it has none.
fn flipped(text: &str, at: prop::sample::Index) -> Option<String> {
    let places: Vec<usize> = (0..text.len()).filter(|&i| text.as_bytes()[i].is_ascii_alphanumeric()).collect();
    let mut bytes = text.as_bytes().to_vec();
    let place = *places.get(at.index(places.len().max(1)))?;
    bytes[place] = other(bytes[place]);
    String::from_utf8(bytes).ok()
}

/// A request that AWS's signer can sign.
fn any_request() -> impl Strategy<Value = Request<Vec<u8>>> {
    let path = "(/[a-zA-Z0-9._~!$&'()*,;=:@-]{0,8}|/%[0-9A-F]{2}x){0,4}/?";
    let parameter = "[a-zA-Z0-9._~-]{1,5}(=([a-zA-Z0-9._~!*'():/+-]|%[2-7][0-9A-E]){0,8})?";
    let query = prop::option::of(prop::collection::vec(parameter, 0..4).prop_map(|pairs| pairs.join("&")));
    let headers = prop::collection::btree_map("x-[a-z]{1,6}", "[!-~]([ -~]{0,20}[!-~])?", 0..4);
    let body = prop::collection::vec(any::<u8>(), 0..64);
    ("(GET|POST|PUT|DELETE)", path, query, headers, body).prop_map(|(method, path, query, headers, body)| {
        let path = if path.is_empty() { "/".to_owned() } else { path };
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        let mut request = Request::builder()
            .method(method.as_str())
            .uri(format!("http://gantry.test{path}{query}"))
            .header("host", "gantry.test");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(body).unwrap()
    })
}

proptest! {
    #[test]
    fn what_aws_signs_is_accepted(request in any_request(), token in prop::option::of("[a-zA-Z0-9/+=]{1,40}"), by_query: bool) {
        let request = aws_signed(request, token.as_deref(), by_query);
        let claim = check(&request);
        prop_assert!(claim.is_ok(), "{:?} of {:?}", claim, request);
        prop_assert_eq!(claim.unwrap().session_token, token);
    }

    #[test]
    fn one_byte_changed_in_any_signed_part_is_refused(
        request in any_request(),
        by_query: bool,
        part in 0_usize..5,
        at: prop::sample::Index,
    ) {
        let mut request = aws_signed(request, None, by_query);
        let changed = match part {
            0 => {
                let method = if request.method() == "GET" { "PUT" } else { "GET" };
                *request.method_mut() = method.parse().unwrap();
                true
            }
            1 => flipped(request.uri().path_and_query().unwrap().as_str(), at)
                .and_then(|target| format!("http://gantry.test{target}").parse().ok())
                .map(|uri| *request.uri_mut() = uri)
                .is_some(),
            2 => {
                let names: Vec<HeaderName> = request.headers().keys().cloned().collect();
                let name = at.get(&names).clone();
                flipped(request.headers()[&name].to_str().unwrap(), at)
                    .map(|value| request.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap()))
                    .is_some()
            }
            3 if !request.body().is_empty() => {
                let place = at.index(request.body().len());
                request.body_mut()[place] ^= 1 << (place % 8);
                true
            }
            _ => {
                request.body_mut().push(0);
                true
            }
        };
        prop_assume!(changed);
        prop_assert!(check(&request).is_err(), "{:?}", request);
    }

    #[test]
    fn no_authorization_panics(text in "(AWS4-HMAC-SHA256 )?[ -~]{0,120}", date in "[0-9TZ]{0,16}") {
        let request = with_header(with_header(plain(), "authorization", &text), "x-amz-date", &date);
        prop_assert!(check(&request).is_err());
    }

    #[test]
    fn no_query_panics(query in "(X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature)=?|[ -~]){0,40}") {
        let headers = HeaderMap::new();
        let view = SignedRequest { method: "GET", path: &query, query: &query, headers: &headers, authority: None };
        prop_assert!(parse(&view).is_err());
    }
}
