//! A certificate, its chain and its key, as they are imported: what they say, and whether they go together.

use gantry_model::UnixMillis;
use gantry_wire::ApiError;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) names: Vec<String>,
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) serial: String,
    pub(super) key_algorithm: String,
    pub(super) signature_algorithm: String,
    pub(super) not_before: UnixMillis,
    pub(super) not_after: UnixMillis,
}

/// Reads a certificate in PEM, and checks that `key` is its key and `chain` reads.
///
/// # Errors
/// InvalidParameterException in the words of ACM.
pub(super) fn read(certificate: &str, chain: Option<&str>, key: &str) -> Result<Facts, ApiError> {
    let invalid = |text: &str| ApiError::invalid_parameter(text.to_owned());
    let not_valid = "The certificate field contains more than one certificate, or none. You can specify only one certificate in \
                     this field.";
    let own: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| invalid("The certificate is not valid."))?;
    let [own] = <[_; 1]>::try_from(own).map_err(|_| invalid(not_valid))?;
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain.unwrap_or_default().as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| invalid("The certificate chain is not valid."))?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|_| invalid("The private key is not supported, or not in PEM."))?;
    let facts = facts(&own).ok_or_else(|| invalid("The certificate is not valid."))?;
    let all = std::iter::once(own).chain(chain).collect();
    CertifiedKey::from_der(all, key, &ring::default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => invalid("The private key does not match the certificate."),
        other => invalid(&format!("The certificate cannot be served: {other}.")),
    })?;
    Ok(facts)
}

fn facts(der: &CertificateDer<'_>) -> Option<Facts> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let common = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    let mut names: Vec<String> = common.map(str::to_owned).into_iter().collect();
    if let Ok(Some(alternatives)) = certificate.subject_alternative_name() {
        for name in &alternatives.value.general_names {
            let text = match name {
                GeneralName::DNSName(name) => (*name).to_owned(),
                GeneralName::IPAddress([a, b, c, d]) => format!("{a}.{b}.{c}.{d}"),
                _ => continue,
            };
            if !names.contains(&text) {
                names.push(text);
            }
        }
    }
    let millis = |time: x509_parser::time::ASN1Time| UnixMillis(time.timestamp().saturating_mul(1000));
    let serial: Vec<String> = certificate.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Facts {
        names,
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        serial: serial.join(":"),
        key_algorithm: key_algorithm(&certificate),
        signature_algorithm: signature_algorithm(&certificate.signature_algorithm.algorithm.to_id_string()),
        not_before: millis(certificate.validity().not_before),
        not_after: millis(certificate.validity().not_after),
    })
}

fn key_algorithm(certificate: &X509Certificate<'_>) -> String {
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => format!("RSA_{}", key.key_size()),
        Ok(PublicKey::EC(point)) => match point.key_size() {
            256 => "EC_prime256v1".to_owned(),
            384 => "EC_secp384r1".to_owned(),
            _ => "EC_secp521r1".to_owned(),
        },
        _ => "UNKNOWN".to_owned(),
    }
}

/// The names of RFC 4055 and RFC 5758 as ACM writes them; others by their numbers.
fn signature_algorithm(oid: &str) -> String {
    match oid {
        "1.2.840.113549.1.1.11" => "SHA256WITHRSA",
        "1.2.840.113549.1.1.12" => "SHA384WITHRSA",
        "1.2.840.113549.1.1.13" => "SHA512WITHRSA",
        "1.2.840.10045.4.3.2" => "SHA256WITHECDSA",
        "1.2.840.10045.4.3.3" => "SHA384WITHECDSA",
        "1.2.840.10045.4.3.4" => "SHA512WITHECDSA",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn a_certificate_says_whom_it_is_for() {
        let (certificate, key) = made(&["shop.example", "*.shop.example"]);
        let facts = read(&certificate, None, &key).unwrap();
        assert!(facts.names.contains(&"shop.example".to_owned()) && facts.names.contains(&"*.shop.example".to_owned()));
        assert_eq!((&*facts.key_algorithm, &*facts.signature_algorithm), ("EC_prime256v1", "SHA256WITHECDSA"));
        assert!(facts.not_before < facts.not_after);
    }

    #[test]
    fn what_does_not_go_together_is_refused_in_words() {
        let (certificate, key) = made(&["a.example"]);
        let (other, other_key) = made(&["b.example"]);
        let two = format!("{certificate}{other}");
        for (certificate, key, expected) in [
            (&*certificate, &*other_key, "does not match"),
            (&*two, &*key, "more than one"),
            ("-----", &*key, "more than one certificate, or none"),
            (&*certificate, "no key", "private key is not supported"),
        ] {
            let error = read(certificate, None, key).unwrap_err();
            assert_eq!(error.code, "InvalidParameterException");
            assert!(error.message.contains(expected), "{}", error.message);
        }
    }
}
