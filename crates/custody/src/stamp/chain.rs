//! Certificates, the algorithms of their signatures, and the chain from a signer to a trusted one.

use std::time::Duration;

use cms::cert::IssuerAndSerialNumber;
use cms::signed_data::SignerIdentifier;
use der::asn1::ObjectIdentifier;
use der::{DateTime, Decode, Encode};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use ring::digest;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm,
    TrustAnchor, UnixTime, alg_id,
};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, ring as algorithms};
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, SubjectKeyIdentifier};

use super::StampError;
use super::wire;

/// Most certificates of a file or an answer.
const MOST: usize = 1000;

/// Certificates, as an answer includes them or as files have them.
#[derive(Clone, Debug, Default)]
pub struct Certificates(pub(super) Vec<CertificateDer<'static>>);

impl Certificates {
    /// Reads a file of certificates: PEM with one or more of them, or one in DER.
    ///
    /// # Errors
    /// [`StampError::NotACertificate`].
    pub fn parse(bytes: &[u8]) -> Result<Self, StampError> {
        let wrong = |reason: String| StampError::NotACertificate { reason };
        let mut all = Vec::new();
        match Certificate::from_der(bytes) {
            Ok(_) => all.push(CertificateDer::from(bytes.to_vec())),
            Err(_) => {
                for certificate in CertificateDer::pem_slice_iter(bytes).take(MOST) {
                    let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
                    Certificate::from_der(&certificate).map_err(|error| {
                        wrong(format!("certificate {}: {error}", all.len() + 1))
                    })?;
                    all.push(certificate);
                }
            }
        }
        match all.is_empty() {
            true => Err(wrong("no certificate in it".to_owned())),
            false => Ok(Self(all)),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds others.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The subjects.
    pub fn subjects(&self) -> Vec<String> {
        let subject = |certificate: &CertificateDer<'_>| Some(subject(&parsed(certificate)?));
        self.0.iter().filter_map(subject).collect()
    }
}

fn parsed(certificate: &CertificateDer<'_>) -> Option<Certificate> {
    Certificate::from_der(certificate).ok()
}

pub(super) fn subject(certificate: &Certificate) -> String {
    certificate.tbs_certificate.subject.to_string()
}

/// The certificate of the signer, among those there are.
pub(super) fn signer<'a>(
    wanted: &SignerIdentifier,
    among: impl Iterator<Item = &'a CertificateDer<'static>>,
) -> Result<(&'a CertificateDer<'static>, Certificate), StampError> {
    let is_wanted = |certificate: &Certificate| {
        let of = &certificate.tbs_certificate;
        match wanted {
            SignerIdentifier::IssuerAndSerialNumber(wanted) => {
                of.issuer == wanted.issuer && of.serial_number == wanted.serial_number
            }
            SignerIdentifier::SubjectKeyIdentifier(wanted) => {
                matches!(of.get::<SubjectKeyIdentifier>(), Ok(Some((_, id))) if id == *wanted)
            }
        }
    };
    let mut among = among.filter_map(|bytes| Some((bytes, parsed(bytes)?)));
    among.find(|(_, certificate)| is_wanted(certificate)).ok_or_else(|| {
        let wanted = match wanted {
            SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer,
                serial_number,
            }) => format!("with the serial number {serial_number} issued by {issuer}"),
            SignerIdentifier::SubjectKeyIdentifier(id) => {
                format!("with the key identifier {}", hex(id.0.as_bytes()))
            }
        };
        StampError::NoSigner { wanted }
    })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash of an algorithm by its object identifier.
pub(super) fn digest_of(algorithm: &ObjectIdentifier) -> Option<&'static digest::Algorithm> {
    match *algorithm {
        wire::SHA256 => Some(&digest::SHA256),
        wire::SHA384 => Some(&digest::SHA384),
        wire::SHA512 => Some(&digest::SHA512),
        _ => None,
    }
}

/// The ways to check a signature over a hash: those of the keys that can make it.
pub(super) fn ways(
    signature: &ObjectIdentifier,
    digest: &ObjectIdentifier,
) -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    use wire::*;
    match (*signature, *digest) {
        (RSA | RSA_SHA256, SHA256) => vec![algorithms::RSA_PKCS1_2048_8192_SHA256],
        (RSA | RSA_SHA384, SHA384) => vec![algorithms::RSA_PKCS1_2048_8192_SHA384],
        (RSA | RSA_SHA512, SHA512) => vec![algorithms::RSA_PKCS1_2048_8192_SHA512],
        (ECDSA_SHA256, SHA256) => {
            vec![algorithms::ECDSA_P256_SHA256, algorithms::ECDSA_P384_SHA256]
        }
        (ECDSA_SHA384, SHA384) => {
            vec![algorithms::ECDSA_P256_SHA384, algorithms::ECDSA_P384_SHA384]
        }
        (ECDSA_SHA512, SHA512) => vec![&P256Sha512, &P384Sha512],
        _ => vec![],
    }
}

/// The signatures of certificates that are accepted.
const OF_CERTIFICATES: &[&dyn SignatureVerificationAlgorithm] = &[
    algorithms::RSA_PKCS1_2048_8192_SHA256,
    algorithms::RSA_PKCS1_2048_8192_SHA384,
    algorithms::RSA_PKCS1_2048_8192_SHA512,
    algorithms::ECDSA_P256_SHA256,
    algorithms::ECDSA_P256_SHA384,
    algorithms::ECDSA_P384_SHA256,
    algorithms::ECDSA_P384_SHA384,
    &P256Sha512,
    &P384Sha512,
];

/// ECDSA over P-256 and SHA-512.
#[derive(Debug)]
struct P256Sha512;

/// ECDSA over P-384 and SHA-512.
#[derive(Debug)]
struct P384Sha512;

macro_rules! ecdsa_sha512 {
    ($name:ident, $curve:ident, $key:expr) => {
        impl SignatureVerificationAlgorithm for $name {
            fn verify_signature(
                &self,
                public_key: &[u8],
                message: &[u8],
                signature: &[u8],
            ) -> Result<(), InvalidSignature> {
                let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(public_key)
                    .map_err(|_| InvalidSignature)?;
                let signature =
                    $curve::ecdsa::Signature::from_der(signature).map_err(|_| InvalidSignature)?;
                let hash = digest::digest(&digest::SHA512, message);
                key.verify_prehash(hash.as_ref(), &signature).map_err(|_| InvalidSignature)
            }

            fn public_key_alg_id(&self) -> AlgorithmIdentifier {
                $key
            }

            fn signature_alg_id(&self) -> AlgorithmIdentifier {
                alg_id::ECDSA_SHA512
            }
        }
    };
}

ecdsa_sha512!(P256Sha512, p256, alg_id::ECDSA_P256);
ecdsa_sha512!(P384Sha512, p384, alg_id::ECDSA_P384);

/// Checks that a certificate is one of a time-stamp authority, and that a chain of certificates that were
/// valid at the time of the stamp leads from it to a trusted one.
pub(super) fn check(
    bytes: &CertificateDer<'static>,
    certificate: &Certificate,
    included: &[CertificateDer<'static>],
    trusted: &Certificates,
    time: DateTime,
) -> Result<(), StampError> {
    let authority = subject(certificate);
    is_for_time_stamps(certificate, &authority)?;
    let anchors: Vec<TrustAnchor<'_>> = (trusted.0.iter())
        .filter(|certificate| {
            parsed(certificate).is_some_and(|certificate| is_issuer(&certificate))
        })
        .filter_map(|certificate| anchor_from_trusted_cert(certificate).ok())
        .collect();
    let failed = |error: webpki::Error| of_chain(error, certificate, trusted, time);
    let end = EndEntityCert::try_from(bytes).map_err(failed)?;
    let usage = KeyUsage::required_if_present(wire::TIME_STAMPING.as_bytes());
    let at = UnixTime::since_unix_epoch(time.unix_duration());
    end.verify_for_usage(OF_CERTIFICATES, &anchors, included, at, usage, None, None)
        .map(drop)
        .map_err(failed)
}

/// Whether a certificate may issue others. One of version 1 cannot say so; it may if it is trusted and its
/// own issuer.
fn is_issuer(certificate: &Certificate) -> bool {
    let of = &certificate.tbs_certificate;
    match of.get::<BasicConstraints>() {
        Ok(Some((_, constraints))) => constraints.ca,
        Ok(None) => of.extensions.is_none() && of.issuer == of.subject,
        Err(_) => false,
    }
}

/// RFC 3161, section 2.3: time stamps are the one use of the key, and the extension is critical.
fn is_for_time_stamps(certificate: &Certificate, authority: &str) -> Result<(), StampError> {
    let refused = |found: String| {
        Err(StampError::NotForTimeStamps { authority: authority.to_owned(), found })
    };
    match certificate.tbs_certificate.get::<ExtendedKeyUsage>() {
        Ok(Some((true, usage))) if usage.0 == [wire::TIME_STAMPING] => Ok(()),
        Ok(Some((false, usage))) if usage.0 == [wire::TIME_STAMPING] => {
            refused("it is not critical".to_owned())
        }
        Ok(Some((_, usage))) => {
            let others: Vec<String> = usage.0.iter().map(ToString::to_string).collect();
            refused(others.join(", "))
        }
        Ok(None) => refused("there is none".to_owned()),
        Err(error) => refused(error.to_string()),
    }
}

fn of_chain(
    error: webpki::Error,
    certificate: &Certificate,
    trusted: &Certificates,
    time: DateTime,
) -> StampError {
    let authority = subject(certificate);
    let text = |time: UnixTime| {
        DateTime::from_unix_duration(Duration::from_secs(time.as_secs()))
            .map_or_else(|_| format!("{} s after 1970", time.as_secs()), |time| time.to_string())
    };
    let time = time.to_string();
    match error {
        webpki::Error::CertExpired { not_after, .. } => {
            StampError::Expired { authority, time, until: text(not_after) }
        }
        webpki::Error::CertNotValidYet { not_before, .. } => {
            StampError::NotYetValid { authority, time, from: text(not_before) }
        }
        webpki::Error::UnknownIssuer => StampError::NotTrusted {
            authority,
            issuer: certificate.tbs_certificate.issuer.to_string(),
            trusted: trusted.subjects(),
        },
        error => StampError::Chain { authority, reason: format!("{error:?}") },
    }
}

/// The DER of a value, or what is wrong with it.
pub(super) fn encoded(value: &impl Encode, what: &'static str) -> Result<Vec<u8>, StampError> {
    value.to_der().map_err(|error| StampError::Malformed { what, reason: error.to_string() })
}
