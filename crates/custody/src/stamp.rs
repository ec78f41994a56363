//! Time stamps of RFC 3161: an authority signs the SHA-256 of a head file together with the time.
//!
//! [`request`] makes what is sent to an authority, [`Stamp::parse`] reads its answer, and [`check`] checks
//! the answer without a network, with the certificates of authorities that the reader trusts.
//!
//! Supported are RSA (PKCS #1 v1.5, 2048 bits and more) and ECDSA on P-256 and P-384, each with SHA-256,
//! SHA-384 or SHA-512. Whether a certificate was revoked is not looked up: that needs a network.

mod chain;
mod error;
mod wire;

use cms::signed_data::SignerInfo;
use der::asn1::{Any, Int, ObjectIdentifier, OctetString};
use der::{DateTime, Decode, Encode};
use ring::digest;
use rustls_pki_types::CertificateDer;
use webpki::EndEntityCert;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::Hash;
pub use chain::Certificates;
use chain::{digest_of, encoded, hex};
pub use error::StampError;

/// Longest answer that is read. Those with all certificates of a chain have some 10 kB.
const MOST_BYTES: usize = 1 << 20;

/// The request for a time stamp of `bytes`, in DER: it has their SHA-256, not the bytes. `nonce` is drawn
/// at random by the caller; the answer repeats it.
///
/// # Errors
/// [`StampError::Malformed`], which does not occur with these values.
pub fn request(bytes: &[u8], nonce: u64) -> Result<Vec<u8>, StampError> {
    let failed = |error: der::Error| StampError::Malformed {
        what: "the request",
        reason: error.to_string(),
    };
    // A leading zero keeps the number positive.
    let mut number = vec![0];
    number.extend(nonce.to_be_bytes());
    while number.len() > 1 && number[0] == 0 && number[1] < 0x80 {
        number.remove(0);
    }
    let request = wire::Request {
        version: 1,
        imprint: imprint(bytes).map_err(failed)?,
        policy: None,
        nonce: Some(Int::new(&number).map_err(failed)?),
        certificates: true,
        extensions: None,
    };
    encoded(&request, "the request")
}

fn imprint(bytes: &[u8]) -> der::Result<wire::Imprint> {
    Ok(wire::Imprint {
        algorithm: AlgorithmIdentifierOwned { oid: wire::SHA256, parameters: Some(Any::null()) },
        hash: OctetString::new(Hash::of(bytes).0)?,
    })
}

/// The answer of an authority that has a time stamp in it. Reading it proves nothing yet.
#[derive(Debug, Clone)]
pub struct Stamp {
    info: wire::Info,
    moment: DateTime,
    time: String,
    /// The bytes that were signed over: the DER of `info`.
    content: Vec<u8>,
    signer: SignerInfo,
    included: Certificates,
}

/// What a time stamp says of itself, unverified: anybody can write such a text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnverifiedStamp {
    /// The time, in UTC.
    pub time: String,
    /// Whether the stamp is of the bytes it was compared with.
    pub is_of_the_bytes: bool,
    /// Subjects of the certificates that it includes.
    pub certificates: Vec<String>,
}

/// A time stamp that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stamped {
    /// The time, in UTC: the bytes existed then.
    pub time: String,
    /// Serial number of the stamp, in hexadecimal digits.
    pub serial: String,
    /// The policy under which the authority made it.
    pub policy: String,
    /// Subject of the authority's certificate.
    pub authority: String,
}

impl Stamp {
    /// Reads the answer of an authority.
    ///
    /// # Errors
    /// [`StampError::NotAnAnswer`], [`StampError::NotGranted`], [`StampError::Malformed`].
    pub fn parse(answer: &[u8]) -> Result<Self, StampError> {
        if answer.len() > MOST_BYTES {
            let reason = format!("{} bytes, at most {MOST_BYTES} were expected", answer.len());
            return Err(StampError::NotAnAnswer { reason });
        }
        let answer = wire::Answer::from_der(answer)
            .map_err(|error| StampError::NotAnAnswer { reason: error.to_string() })?;
        granted(&answer.status)?;
        let token = answer.token.ok_or_else(|| malformed("the token", "there is none"))?;
        is(token.content_type, wire::SIGNED_DATA, "the type of the token", "signed data (CMS)")?;
        let data: wire::SignedData =
            token.content.decode_as().map_err(|error| malformed("the signed data", error))?;
        is(data.content.econtent_type, wire::TST_INFO, "the content", "id-ct-TSTInfo")?;
        let content =
            data.content.econtent.ok_or_else(|| malformed("the content", "there is none"))?;
        let content: OctetString =
            content.decode_as().map_err(|error| malformed("the content", error))?;
        let content = content.into_bytes();
        let info =
            wire::Info::from_der(&content).map_err(|error| malformed("the content", error))?;
        if info.version != 1 {
            return Err(malformed(
                "the version",
                format!("1 was expected, found {}", info.version),
            ));
        }
        let unknown = info.extensions.iter().flatten().find(|extension| extension.critical);
        if let Some(extension) = unknown {
            let reason = format!("critical, and unknown to this program: {}", extension.extn_id);
            return Err(malformed("an extension", reason));
        }
        let (moment, time) = wire::moment(&info.time)
            .ok_or_else(|| malformed("the time", "it is not like 20261128132000Z"))?;
        let mut signers = data.signers.into_vec();
        let count = signers.len();
        let (Some(signer), true) = (signers.pop(), count == 1) else {
            return Err(malformed("the signers", format!("one was expected, found {count}")));
        };
        let certificates = data.certificates.into_iter().flat_map(|set| set.into_vec());
        let bytes =
            certificates.map(|one| Ok(CertificateDer::from(encoded(&one, "a certificate")?)));
        let included = Certificates(bytes.collect::<Result<_, StampError>>()?);
        Ok(Self { info, moment, time, content, signer, included })
    }

    /// What the stamp says of itself, without any check of who made it.
    pub fn unverified(&self, bytes: &[u8]) -> UnverifiedStamp {
        UnverifiedStamp {
            time: self.time.clone(),
            is_of_the_bytes: self.is_of(bytes).is_ok(),
            certificates: self.included.subjects(),
        }
    }

    fn is_of(&self, bytes: &[u8]) -> Result<(), StampError> {
        let imprint = &self.info.imprint;
        is(imprint.algorithm.oid, wire::SHA256, "the hash of the file", "SHA-256")?;
        let expected = Hash::of(bytes);
        match imprint.hash.as_bytes() == expected.0 {
            true => Ok(()),
            false => Err(StampError::OtherFile { expected, found: hex(imprint.hash.as_bytes()) }),
        }
    }

    fn answers(&self, request: &[u8]) -> Result<(), StampError> {
        let request = wire::Request::from_der(request)
            .map_err(|error| StampError::NotARequest { reason: error.to_string() })?;
        let text = |nonce: &Option<Int>| {
            nonce.as_ref().map_or_else(|| "none".to_owned(), |nonce| hex(nonce.as_bytes()))
        };
        if request.nonce.is_some() && request.nonce != self.info.nonce {
            let (expected, found) = (text(&request.nonce), text(&self.info.nonce));
            return Err(StampError::OtherRequest { expected, found });
        }
        if request.imprint.hash != self.info.imprint.hash {
            let (expected, found) = (&request.imprint.hash, &self.info.imprint.hash);
            let (expected, found) = (hex(expected.as_bytes()), hex(found.as_bytes()));
            return Err(StampError::OtherRequest { expected, found });
        }
        Ok(())
    }
}

/// Checks a time stamp of `bytes`: that they are what was stamped, that the request (where there is one)
/// is what was answered, that the signature is that of the authority's certificate, and that a chain of
/// certificates, valid at the time of the stamp, leads from it to one of the `trusted` ones. `beside` has
/// certificates of the chain that the stamp does not include; they are not trusted by themselves.
///
/// # Errors
/// Why the stamp does not prove that the bytes existed at its time.
pub fn check(
    stamp: &Stamp,
    bytes: &[u8],
    request: Option<&[u8]>,
    trusted: &Certificates,
    beside: &Certificates,
) -> Result<Stamped, StampError> {
    stamp.is_of(bytes)?;
    if let Some(request) = request {
        stamp.answers(request)?;
    }
    if trusted.is_empty() {
        return Err(StampError::NoTrusted);
    }
    let all: Vec<_> = stamp.included.0.iter().chain(&beside.0).cloned().collect();
    let (certificate_bytes, certificate) =
        chain::signer(&stamp.signer.sid, all.iter().chain(&trusted.0))?;
    let authority = chain::subject(&certificate);
    attributes(stamp, certificate_bytes, &authority)?;
    signature(stamp, certificate_bytes, &authority)?;
    chain::check(certificate_bytes, &certificate, &all, trusted, stamp.moment)?;
    Ok(Stamped {
        time: stamp.time.clone(),
        serial: hex(stamp.info.serial.as_bytes()),
        policy: stamp.info.policy.to_string(),
        authority,
    })
}

fn malformed(what: &'static str, reason: impl std::fmt::Display) -> StampError {
    StampError::Malformed { what, reason: reason.to_string() }
}

fn is(
    found: ObjectIdentifier,
    wanted: ObjectIdentifier,
    what: &'static str,
    expected: &'static str,
) -> Result<(), StampError> {
    match found == wanted {
        true => Ok(()),
        false => Err(StampError::Unsupported { what, expected, found: found.to_string() }),
    }
}

fn granted(status: &wire::Status) -> Result<(), StampError> {
    let word = match status.status {
        // Granted, and granted with modifications: what was modified is compared below.
        0 | 1 => return Ok(()),
        2 => "rejected".to_owned(),
        3 => "waiting: ask again later".to_owned(),
        4 | 5 => "the certificate of the authority is or will be revoked".to_owned(),
        other => format!("status {other}"),
    };
    let text = status.text.iter().flatten().map(String::as_str).collect::<Vec<_>>().join("; ");
    let text = text.chars().filter(|char| !char.is_control()).take(200).collect();
    Err(StampError::NotGranted { status: word, text })
}

/// The one value of a signed attribute.
fn attribute(signer: &SignerInfo, wanted: ObjectIdentifier) -> Result<Option<&Any>, StampError> {
    let mut found = signer.signed_attrs.iter().flat_map(|all| all.iter());
    let mut found = found.by_ref().filter(|attribute| attribute.oid == wanted);
    let Some(attribute) = found.next() else { return Ok(None) };
    match (attribute.values.as_slice(), found.next()) {
        ([value], None) => Ok(Some(value)),
        _ => Err(malformed("a signed attribute", format!("{wanted} has more than one value"))),
    }
}

/// The signed attributes: the content's type and hash, and the certificate that the signature is bound to.
fn attributes(
    stamp: &Stamp,
    certificate: &CertificateDer<'_>,
    authority: &str,
) -> Result<(), StampError> {
    let signer = &stamp.signer;
    let missing = |what| move || malformed("the signed attributes", format!("{what} is missing"));
    let wrong = |error: der::Error| malformed("a signed attribute", error);
    let kind = attribute(signer, wire::CONTENT_TYPE)?.ok_or_else(missing("the content type"))?;
    let kind: ObjectIdentifier = kind.decode_as().map_err(wrong)?;
    is(kind, wire::TST_INFO, "the signed content type", "id-ct-TSTInfo")?;

    let signed = attribute(signer, wire::MESSAGE_DIGEST)?.ok_or_else(missing("the digest"))?;
    let signed: OctetString = signed.decode_as().map_err(wrong)?;
    let digest = digest_of(&signer.digest_alg.oid).ok_or_else(|| StampError::Unsupported {
        what: "the hash of the content",
        expected: "SHA-256, SHA-384 or SHA-512",
        found: signer.digest_alg.oid.to_string(),
    })?;
    let found = digest::digest(digest, &stamp.content);
    if signed.as_bytes() != found.as_ref() {
        let (expected, found) = (hex(signed.as_bytes()), hex(found.as_ref()));
        return Err(StampError::Altered { expected, found });
    }

    let older = attribute(signer, wire::SIGNING_CERTIFICATE)?;
    let newer = attribute(signer, wire::SIGNING_CERTIFICATE_V2)?;
    if older.is_none() && newer.is_none() {
        return Err(missing("the signing certificate")());
    }
    let mut hashes = Vec::new();
    if let Some(older) = older {
        let of: wire::SigningCertificate = older.decode_as().map_err(wrong)?;
        let first = of.certificates.into_iter().next().ok_or_else(missing("the certificate"))?;
        hashes.push((first.hash, &digest::SHA1_FOR_LEGACY_USE_ONLY));
    }
    if let Some(newer) = newer {
        let of: wire::SigningCertificateV2 = newer.decode_as().map_err(wrong)?;
        let first = of.certificates.into_iter().next().ok_or_else(missing("the certificate"))?;
        let algorithm = first.algorithm.map_or(wire::SHA256, |algorithm| algorithm.oid);
        let digest = digest_of(&algorithm).ok_or_else(|| StampError::Unsupported {
            what: "the hash of the signing certificate",
            expected: "SHA-256, SHA-384 or SHA-512",
            found: algorithm.to_string(),
        })?;
        hashes.push((first.hash, digest));
    }
    for (expected, digest) in hashes {
        let found = digest::digest(digest, certificate);
        if expected.as_bytes() != found.as_ref() {
            return Err(StampError::OtherSigner {
                authority: authority.to_owned(),
                expected: hex(expected.as_bytes()),
                found: hex(found.as_ref()),
            });
        }
    }
    Ok(())
}

/// The signature over the signed attributes.
fn signature(
    stamp: &Stamp,
    certificate: &CertificateDer<'_>,
    authority: &str,
) -> Result<(), StampError> {
    let signer = &stamp.signer;
    let attributes = signer
        .signed_attrs
        .as_ref()
        .ok_or_else(|| malformed("the signed attributes", "missing"))?;
    // RFC 5652, section 5.4: signed is their DER as a set, not as the tagged field.
    let signed = attributes.to_der().map_err(|error| malformed("the signed attributes", error))?;
    let ways = chain::ways(&signer.signature_algorithm.oid, &signer.digest_alg.oid);
    if ways.is_empty() {
        let found = format!("{} over {}", signer.signature_algorithm.oid, signer.digest_alg.oid);
        return Err(StampError::Unsupported {
            what: "the signature",
            expected: "RSA (PKCS #1 v1.5) or ECDSA with SHA-256, SHA-384 or SHA-512",
            found,
        });
    }
    let end = EndEntityCert::try_from(certificate)
        .map_err(|error| malformed("the certificate of the signer", format!("{error:?}")))?;
    let fits = |way: &&dyn rustls_pki_types::SignatureVerificationAlgorithm| {
        end.verify_signature(*way, &signed, signer.signature.as_bytes()).is_ok()
    };
    match ways.iter().any(fits) {
        true => Ok(()),
        false => Err(StampError::DoesNotFit { authority: authority.to_owned() }),
    }
}
