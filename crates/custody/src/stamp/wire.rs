//! The structures of RFC 3161, in DER. Those of CMS and X.509 are those of `cms` and
//! `x509-cert`, except where the bytes themselves are needed, or where theirs are stricter than the RFC.

use cms::content_info::ContentInfo;
use cms::signed_data::{EncapsulatedContentInfo, SignerInfo};
use der::asn1::{Any, BitString, Int, ObjectIdentifier, OctetString, SetOfVec};
use der::{DateTime, Sequence};
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::name::GeneralNames;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;

pub(super) const SIGNED_DATA: ObjectIdentifier = id("1.2.840.113549.1.7.2");
pub(super) const TST_INFO: ObjectIdentifier = id("1.2.840.113549.1.9.16.1.4");
pub(super) const CONTENT_TYPE: ObjectIdentifier = id("1.2.840.113549.1.9.3");
pub(super) const MESSAGE_DIGEST: ObjectIdentifier = id("1.2.840.113549.1.9.4");
pub(super) const SIGNING_CERTIFICATE: ObjectIdentifier = id("1.2.840.113549.1.9.16.2.12");
pub(super) const SIGNING_CERTIFICATE_V2: ObjectIdentifier = id("1.2.840.113549.1.9.16.2.47");
pub(super) const SHA256: ObjectIdentifier = id("2.16.840.1.101.3.4.2.1");
pub(super) const SHA384: ObjectIdentifier = id("2.16.840.1.101.3.4.2.2");
pub(super) const SHA512: ObjectIdentifier = id("2.16.840.1.101.3.4.2.3");
pub(super) const RSA: ObjectIdentifier = id("1.2.840.113549.1.1.1");
pub(super) const RSA_SHA256: ObjectIdentifier = id("1.2.840.113549.1.1.11");
pub(super) const RSA_SHA384: ObjectIdentifier = id("1.2.840.113549.1.1.12");
pub(super) const RSA_SHA512: ObjectIdentifier = id("1.2.840.113549.1.1.13");
pub(super) const ECDSA_SHA256: ObjectIdentifier = id("1.2.840.10045.4.3.2");
pub(super) const ECDSA_SHA384: ObjectIdentifier = id("1.2.840.10045.4.3.3");
pub(super) const ECDSA_SHA512: ObjectIdentifier = id("1.2.840.10045.4.3.4");
pub(super) const TIME_STAMPING: ObjectIdentifier = id("1.3.6.1.5.5.7.3.8");

const fn id(text: &'static str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// `MessageImprint`.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(super) struct Imprint {
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) hash: OctetString,
}

/// `TimeStampReq`.
#[derive(Clone, Debug, Sequence)]
pub(super) struct Request {
    pub(super) version: u8,
    pub(super) imprint: Imprint,
    #[asn1(optional = "true")]
    pub(super) policy: Option<ObjectIdentifier>,
    #[asn1(optional = "true")]
    pub(super) nonce: Option<Int>,
    #[asn1(default = "Default::default")]
    pub(super) certificates: bool,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) extensions: Option<Extensions>,
}

/// `PKIStatusInfo`.
#[derive(Clone, Debug, Sequence)]
pub(super) struct Status {
    pub(super) status: u8,
    #[asn1(optional = "true")]
    pub(super) text: Option<Vec<String>>,
    #[asn1(optional = "true")]
    pub(super) failure: Option<BitString>,
}

/// `TimeStampResp`.
#[derive(Clone, Debug, Sequence)]
pub(super) struct Answer {
    pub(super) status: Status,
    #[asn1(optional = "true")]
    pub(super) token: Option<ContentInfo>,
}

/// `SignedData`, whose certificates keep their bytes: their hashes and signatures are over those.
#[derive(Clone, Debug, Sequence)]
pub(super) struct SignedData {
    pub(super) version: u8,
    pub(super) digests: SetOfVec<AlgorithmIdentifierOwned>,
    pub(super) content: EncapsulatedContentInfo,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) certificates: Option<SetOfVec<Any>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) revocations: Option<SetOfVec<Any>>,
    pub(super) signers: SetOfVec<SignerInfo>,
}

/// `TSTInfo`. The type for times in `der` has no fractions of seconds, which RFC 3161 allows.
#[derive(Clone, Debug, Sequence)]
pub(super) struct Info {
    pub(super) version: u8,
    pub(super) policy: ObjectIdentifier,
    pub(super) imprint: Imprint,
    pub(super) serial: Int,
    pub(super) time: Any,
    #[asn1(optional = "true")]
    pub(super) accuracy: Option<Accuracy>,
    #[asn1(default = "Default::default")]
    pub(super) ordering: bool,
    #[asn1(optional = "true")]
    pub(super) nonce: Option<Int>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) authority: Option<Any>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) extensions: Option<Extensions>,
}

/// `Accuracy`.
#[derive(Clone, Debug, Sequence)]
pub(super) struct Accuracy {
    #[asn1(optional = "true")]
    pub(super) seconds: Option<Int>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) millis: Option<Int>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) micros: Option<Int>,
}

/// `SigningCertificate` of RFC 2634: the hashes are SHA-1.
#[derive(Clone, Debug, Sequence)]
pub(super) struct SigningCertificate {
    pub(super) certificates: Vec<CertificateId>,
    #[asn1(optional = "true")]
    pub(super) policies: Option<Vec<Any>>,
}

/// `ESSCertID`.
#[derive(Clone, Debug, Sequence)]
pub(super) struct CertificateId {
    pub(super) hash: OctetString,
    #[asn1(optional = "true")]
    pub(super) issuer: Option<IssuerSerial>,
}

/// `SigningCertificateV2` of RFC 5035: each hash names its algorithm, SHA-256 where none is named.
#[derive(Clone, Debug, Sequence)]
pub(super) struct SigningCertificateV2 {
    pub(super) certificates: Vec<CertificateIdV2>,
    #[asn1(optional = "true")]
    pub(super) policies: Option<Vec<Any>>,
}

/// `ESSCertIDv2`.
#[derive(Clone, Debug, Sequence)]
pub(super) struct CertificateIdV2 {
    #[asn1(optional = "true")]
    pub(super) algorithm: Option<AlgorithmIdentifierOwned>,
    pub(super) hash: OctetString,
    #[asn1(optional = "true")]
    pub(super) issuer: Option<IssuerSerial>,
}

/// `IssuerSerial`.
#[derive(Clone, Debug, Sequence)]
pub(super) struct IssuerSerial {
    pub(super) issuer: GeneralNames,
    pub(super) serial: SerialNumber,
}

/// A moment of RFC 3161, section 2.4.2: `20261128132000Z`, or with a fraction behind the seconds.
pub(super) fn moment(time: &Any) -> Option<(DateTime, String)> {
    let text = std::str::from_utf8(time.value()).ok()?;
    let digits =
        text.strip_suffix('Z').filter(|_| der::Tagged::tag(time) == der::Tag::GeneralizedTime)?;
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !are_digits(whole) {
        return None;
    }
    if fraction.is_some_and(|text| text.is_empty() || text.len() > 20 || !are_digits(text)) {
        return None;
    }
    let part = |from: usize, to: usize| whole[from..to].parse::<u8>().ok();
    let year = whole[..4].parse().ok()?;
    let moment =
        DateTime::new(year, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?)
            .ok()?;
    let seconds = moment.to_string();
    let text = match fraction {
        Some(fraction) => format!("{}.{fraction}Z", seconds.trim_end_matches('Z')),
        None => seconds,
    };
    Some((moment, text))
}
