//! Why a time stamp is refused.

use crate::Hash;

/// Why a time stamp proves nothing, or could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StampError {
    /// Not the answer of an authority.
    #[error("not the answer of a time-stamp authority (RFC 3161 in DER): {reason}")]
    NotAnAnswer {
        /// Why.
        reason: String,
    },
    /// Not a request.
    #[error("not a request for a time stamp (RFC 3161 in DER): {reason}")]
    NotARequest {
        /// Why.
        reason: String,
    },
    /// The authority gave no stamp.
    #[error("the authority gave no time stamp: {status}{}", with_colon(text))]
    NotGranted {
        /// What it answered.
        status: String,
        /// Its explanation; empty where it gave none.
        text: String,
    },
    /// A part of the answer has another form than the standard says.
    #[error("{what} of the time stamp: {reason}")]
    Malformed {
        /// Which part.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// An algorithm that is not supported.
    #[error("{what} of the time stamp: {expected} was expected, found {found}")]
    Unsupported {
        /// Where.
        what: &'static str,
        /// What is supported.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// The stamp is of other bytes.
    #[error(
        "the time stamp is of another file: the SHA-256 of this one is {expected}, stamped was {found}"
    )]
    OtherFile {
        /// SHA-256 of the bytes.
        expected: Hash,
        /// The hash in the stamp.
        found: String,
    },
    /// The stamp answers another request.
    #[error(
        "the time stamp answers another request: the nonce {expected} was expected, found {found}"
    )]
    OtherRequest {
        /// The number in the request.
        expected: String,
        /// The number in the stamp.
        found: String,
    },
    /// No certificates that are trusted were given.
    #[error(
        "the time stamp cannot be checked without a certificate that you trust: give the certificate of \
         the authority's certification authority (PEM or DER), as the authority publishes it"
    )]
    NoTrusted,
    /// Not a certificate.
    #[error("not a file of certificates (PEM or DER): {reason}")]
    NotACertificate {
        /// Why.
        reason: String,
    },
    /// The certificate of the signer is missing.
    #[error(
        "the time stamp does not include the certificate of its signer, {wanted}: give it beside the \
         trusted ones"
    )]
    NoSigner {
        /// Which certificate.
        wanted: String,
    },
    /// The stamp is bound to another certificate.
    #[error(
        "the time stamp is bound to a certificate with the hash {expected}, that of {authority} is {found}"
    )]
    OtherSigner {
        /// Subject of the signer's certificate.
        authority: String,
        /// The hash that was signed.
        expected: String,
        /// The hash of the certificate.
        found: String,
    },
    /// The content was altered.
    #[error("the time stamp was altered: its content has the hash {found}, signed was {expected}")]
    Altered {
        /// The hash that was signed.
        expected: String,
        /// The hash of the content.
        found: String,
    },
    /// The signature does not fit.
    #[error("the signature of the time stamp does not fit the certificate of {authority}")]
    DoesNotFit {
        /// Subject of the signer's certificate.
        authority: String,
    },
    /// The certificate is not for time stamps.
    #[error(
        "the certificate of {authority} is not one of a time-stamp authority: the critical key usage \
         timeStamping alone was expected, found: {found}"
    )]
    NotForTimeStamps {
        /// Subject of the certificate.
        authority: String,
        /// The key usage.
        found: String,
    },
    /// No chain leads to a trusted certificate.
    #[error(
        "no chain of certificates leads from {authority} to a trusted one: it was issued by {issuer}, trusted are: {}",
        trusted.join("; ")
    )]
    NotTrusted {
        /// Subject of the signer's certificate.
        authority: String,
        /// Its issuer.
        issuer: String,
        /// Subjects of the trusted certificates.
        trusted: Vec<String>,
    },
    /// A certificate of the chain had expired.
    #[error(
        "stamped at {time}, but a certificate between {authority} and the trusted one expired {until}"
    )]
    Expired {
        /// Subject of the signer's certificate.
        authority: String,
        /// When the stamp was made.
        time: String,
        /// Until when the certificate was valid.
        until: String,
    },
    /// A certificate of the chain was not valid yet.
    #[error(
        "stamped at {time}, but a certificate between {authority} and the trusted one begins {from}"
    )]
    NotYetValid {
        /// Subject of the signer's certificate.
        authority: String,
        /// When the stamp was made.
        time: String,
        /// From when on the certificate is valid.
        from: String,
    },
    /// Something else with the chain.
    #[error("the certificates between {authority} and the trusted ones: {reason}")]
    Chain {
        /// Subject of the signer's certificate.
        authority: String,
        /// What.
        reason: String,
    },
}

fn with_colon(text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!(": {text}"),
    }
}
