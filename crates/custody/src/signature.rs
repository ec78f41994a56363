//! Signatures as minisign makes them: Ed25519 over the BLAKE2b-512 of the bytes (algorithm `ED`), with a
//! trusted comment that is signed too. Keys and signatures are texts in minisign's own formats, so the
//! program `minisign` reads what is written here, and the other way round.
//!
//! ```
//! use wavekeep_custody::signature::{SecretKey, make_key, verify};
//!
//! let key = make_key(None)?;
//! let secret = SecretKey::parse(&key.secret_text, None)?;
//! let signature = secret.sign(b"a head", "archive 0f size 2 time 2026-11-28T13:20:00Z")?;
//! let verified = verify(&signature, b"a head", &[key.public])?;
//! assert_eq!(verified.comment, "archive 0f size 2 time 2026-11-28T13:20:00Z");
//! # Ok::<(), wavekeep_custody::signature::SignatureError>(())
//! ```

use std::fmt;
use std::io::Cursor;

use ct_codecs::{Base64, Decoder};
use minisign::{KeyPair, PublicKeyBox, SecretKeyBox, SignatureBox};

use crate::Head;

const UNTRUSTED: &str = "untrusted comment: ";
const TRUSTED: &str = "trusted comment: ";
/// Longest text that is read as a key or a signature.
const MOST_BYTES: usize = 16 << 10;
/// Longest password that minisign accepts.
const MOST_PASSWORD: usize = 1024;
/// Bytes of a public key, a secret key, the checksum at its end, a signature and the signature of a comment.
const PUBLIC: usize = 2 + 8 + 32;
const SECRET: usize = 2 + 2 + 2 + 32 + 8 + 8 + 8 + 64 + CHECKSUM;
const CHECKSUM: usize = 32;
const SIGNATURE: usize = 2 + 8 + 64;
const COMMENT_SIGNATURE: usize = 64;
/// The most work and memory that minisign itself spends on a password. A file that asks for more is
/// refused, as its number alone could keep the program busy for days.
const MOST_WORK: u64 = 33_554_432;
const MOST_MEMORY: u64 = 1 << 30;

/// Why a key or a signature is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The text is no public key.
    #[error(
        "not a public key of minisign: {reason}. A key file has two lines, the second one begins with \
         RW; that second line alone is accepted too"
    )]
    NotAPublicKey {
        /// What was found.
        reason: String,
    },
    /// The text is no secret key.
    #[error("not a secret key file of minisign: {reason}")]
    NotASecretKey {
        /// What was found.
        reason: String,
    },
    /// The text is no signature.
    #[error("not a signature file of minisign: {reason}")]
    NotASignature {
        /// What was found.
        reason: String,
    },
    /// The secret key is protected by a password, and none was given.
    #[error("the secret key is protected by a password: give it")]
    PasswordNeeded,
    /// The password does not fit.
    #[error("wrong password for this secret key, or its file is damaged")]
    WrongPassword,
    /// minisign accepts none of this length.
    #[error("a password of {bytes} bytes: at most {MOST_PASSWORD} are possible")]
    PasswordTooLong {
        /// Its length.
        bytes: usize,
    },
    /// Another key was used.
    #[error("signed with the key {signed_with}, but the key given is {}", given.join(", "))]
    OtherKey {
        /// Id of the key that the signature names.
        signed_with: String,
        /// Ids of the keys that were given.
        given: Vec<String>,
    },
    /// No key was given.
    #[error("signed with the key {signed_with}: give its public key to check the signature")]
    NoKey {
        /// Id of the key that the signature names.
        signed_with: String,
    },
    /// The key is the right one, the bytes are not.
    #[error(
        "the signature by the key {key} does not fit: the file or the signature was altered, or the \
         signature is of another file"
    )]
    DoesNotFit {
        /// Id of the key.
        key: String,
    },
    /// The comment cannot be written as one line.
    #[error("a trusted comment is one line without spaces around it, found {found:?}")]
    BadComment {
        /// The comment.
        found: String,
    },
    /// The machine gave no random numbers, or the key could not be derived.
    #[error("no key or signature could be made: {reason}")]
    NotMade {
        /// Why.
        reason: String,
    },
}

/// The id of a key as minisign prints it.
fn key_id(number: &[u8]) -> String {
    format!("{:X}", number.iter().rev().fold(0, |id, byte| id << 8 | u64::from(*byte)))
}

fn not_made(error: impl fmt::Display) -> SignatureError {
    SignatureError::NotMade { reason: error.to_string() }
}

/// Bytes from base64, when there are `expected` of them.
fn decoded(line: &str, expected: usize, what: &str) -> Result<Vec<u8>, String> {
    let bytes = Base64::decode_to_vec(line.trim(), None)
        .map_err(|_| format!("{what} was expected as base64, found {:?}", shortened(line)))?;
    if bytes.len() != expected {
        return Err(format!("{what} has {expected} bytes, found {}", bytes.len()));
    }
    Ok(bytes)
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

fn is_short(text: &str) -> Result<(), String> {
    match text.len() > MOST_BYTES {
        true => Err(format!("{} bytes, at most {MOST_BYTES} were expected", text.len())),
        false => Ok(()),
    }
}

/// A public key: signatures are checked with it.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(minisign::PublicKey);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_base64())
    }
}

impl PublicKey {
    /// Reads the text of a key file, or the line in base64 alone.
    ///
    /// # Errors
    /// [`SignatureError::NotAPublicKey`].
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        Self::read(text).map_err(|reason| SignatureError::NotAPublicKey { reason })
    }

    fn read(text: &str) -> Result<Self, String> {
        is_short(text)?;
        let mut lines = text.trim().lines();
        let line = match (lines.next(), lines.next()) {
            (Some(comment), Some(line)) if comment.starts_with(UNTRUSTED) => line,
            (Some(line), None) => line,
            _ => return Err(format!("found {:?}", shortened(text))),
        };
        let bytes = decoded(line, PUBLIC, "a public key")?;
        if !bytes.starts_with(b"Ed") {
            return Err("another algorithm than Ed25519".to_owned());
        }
        minisign::PublicKey::from_bytes(&bytes).map(Self).map_err(|error| error.to_string())
    }

    /// Its id, in hexadecimal digits as minisign prints it.
    pub fn id(&self) -> String {
        key_id(self.0.keynum())
    }

    /// The line in base64.
    pub fn to_base64(&self) -> String {
        self.0.to_base64()
    }

    /// The text of its file.
    ///
    /// # Errors
    /// [`SignatureError::NotMade`].
    pub fn to_text(&self) -> Result<String, SignatureError> {
        self.0.to_box().map(PublicKeyBox::into_string).map_err(not_made)
    }
}

/// A key pair that was just made, as texts of its two files.
#[derive(Clone)]
#[non_exhaustive]
pub struct NewKey {
    /// The public key.
    pub public: PublicKey,
    /// The text of the public key's file.
    pub public_text: String,
    /// The text of the secret key's file: the caller writes it so that nobody else can read it.
    pub secret_text: String,
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// Makes a key pair. With a password the secret key is encrypted in its file.
///
/// # Errors
/// [`SignatureError::PasswordTooLong`], [`SignatureError::NotMade`].
pub fn make_key(password: Option<&str>) -> Result<NewKey, SignatureError> {
    let (pair, comment) = match password {
        None => (KeyPair::generate_unencrypted_keypair(), "minisign secret key"),
        Some(password) => {
            is_possible(password)?;
            let pair = KeyPair::generate_encrypted_keypair(Some(password.to_owned()));
            (pair, "minisign encrypted secret key")
        }
    };
    let pair = pair.map_err(not_made)?;
    let public = PublicKey(pair.pk);
    let secret_text = pair.sk.to_box(Some(comment)).map_err(not_made)?.into_string();
    Ok(NewKey { public_text: public.to_text()?, public, secret_text })
}

fn is_possible(password: &str) -> Result<(), SignatureError> {
    match password.len() > MOST_PASSWORD {
        true => Err(SignatureError::PasswordTooLong { bytes: password.len() }),
        false => Ok(()),
    }
}

/// A secret key: signatures are made with it.
#[derive(Clone)]
pub struct SecretKey(minisign::SecretKey);

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", key_id(self.0.keynum()))
    }
}

impl SecretKey {
    /// Reads the text of a key file. A password that the key does not need is ignored.
    ///
    /// # Errors
    /// [`SignatureError::NotASecretKey`], [`SignatureError::PasswordNeeded`],
    /// [`SignatureError::WrongPassword`], [`SignatureError::PasswordTooLong`].
    pub fn parse(text: &str, password: Option<&str>) -> Result<Self, SignatureError> {
        let text = text.trim();
        let bytes =
            secret_bytes(text).map_err(|reason| SignatureError::NotASecretKey { reason })?;
        let boxed = SecretKeyBox::from(text.to_owned());
        let damaged =
            |error: minisign::PError| SignatureError::NotASecretKey { reason: error.to_string() };
        if bytes[2..4] == [0, 0] {
            // The program minisign writes no checksum where there is no password.
            if bytes.ends_with(&[0; CHECKSUM]) {
                return minisign::SecretKey::from_bytes(&bytes).map(Self).map_err(damaged);
            }
            return boxed.into_unencrypted_secret_key().map(Self).map_err(damaged);
        }
        let password = password.ok_or(SignatureError::PasswordNeeded)?;
        is_possible(password)?;
        let opened = boxed.into_secret_key(Some(password.to_owned()));
        opened.map(Self).map_err(|error| match error.kind() {
            minisign::ErrorKind::Verify => SignatureError::WrongPassword,
            _ => damaged(error),
        })
    }

    /// The public key that belongs to it.
    ///
    /// # Errors
    /// [`SignatureError::NotMade`].
    pub fn public(&self) -> Result<PublicKey, SignatureError> {
        minisign::PublicKey::from_secret_key(&self.0).map(PublicKey).map_err(not_made)
    }

    /// Signs bytes: the text of the signature's file.
    ///
    /// # Errors
    /// [`SignatureError::BadComment`], [`SignatureError::NotMade`].
    pub fn sign(&self, bytes: &[u8], comment: &str) -> Result<String, SignatureError> {
        if comment.trim() != comment || comment.chars().any(char::is_control) {
            return Err(SignatureError::BadComment { found: shortened(comment) });
        }
        let untrusted = "signature from minisign secret key";
        // The public half checks what is made: a damaged key is found before its signatures are used.
        let public = self.public()?.0;
        let bytes = Cursor::new(bytes);
        let signed = minisign::sign(Some(&public), &self.0, bytes, Some(comment), Some(untrusted));
        signed.map(SignatureBox::into_string).map_err(not_made)
    }
}

fn secret_bytes(text: &str) -> Result<Vec<u8>, String> {
    is_short(text)?;
    let mut lines = text.lines();
    let (Some(comment), Some(line)) = (lines.next(), lines.next()) else {
        return Err(format!("two lines were expected, found {}", text.lines().count()));
    };
    if !comment.starts_with(UNTRUSTED) {
        return Err(format!("{UNTRUSTED:?} was expected, found {:?}", shortened(comment)));
    }
    // The line itself stays out of the message: it is secret.
    let bytes = decoded(line, SECRET, "a secret key").map_err(|_| {
        format!("{SECRET} bytes in base64 were expected in the second line, found another text")
    })?;
    if !bytes.starts_with(b"Ed") || &bytes[4..6] != b"B2" {
        return Err("another algorithm than Ed25519".to_owned());
    }
    let number =
        |from: usize| bytes[from..from + 8].iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
    let (work, memory) = (number(38), number(46));
    match &bytes[2..4] {
        [0, 0] => {}
        b"Sc" if work > MOST_WORK || memory > MOST_MEMORY => {
            return Err(format!(
                "its password would need the work {work} and {memory} bytes of memory, \
                 at most {MOST_WORK} and {MOST_MEMORY} are used"
            ));
        }
        b"Sc" => {}
        _ => return Err("another protection than scrypt".to_owned()),
    }
    Ok(bytes)
}

/// The trusted comment of a head's signature.
pub fn comment_of(head: &Head) -> String {
    format!("archive {} size {} time {}", head.archive, head.size, head.time)
}

/// A signature that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// Id of the key.
    pub key: String,
    /// The trusted comment.
    pub comment: String,
}

/// The id of the key that a signature names. Nothing is checked yet.
///
/// # Errors
/// [`SignatureError::NotASignature`].
pub fn signed_with(text: &str) -> Result<String, SignatureError> {
    signature_of(text).map(|signature| key_id(signature.keynum()))
}

fn signature_of(text: &str) -> Result<SignatureBox, SignatureError> {
    let wrong = |reason| SignatureError::NotASignature { reason };
    is_short(text).map_err(wrong)?;
    let lines: Vec<&str> = text.trim().lines().collect();
    let [untrusted, signature, trusted, comment_signature] = lines[..] else {
        return Err(wrong(format!("four lines were expected, found {}", lines.len())));
    };
    for (line, start) in [(untrusted, UNTRUSTED), (trusted, TRUSTED)] {
        if !line.starts_with(start) {
            return Err(wrong(format!("{start:?} was expected, found {:?}", shortened(line))));
        }
    }
    // The library takes the lengths for granted.
    let bytes = decoded(signature, SIGNATURE, "a signature").map_err(wrong)?;
    decoded(comment_signature, COMMENT_SIGNATURE, "the comment's signature").map_err(wrong)?;
    if !bytes.starts_with(b"ED") {
        let found = String::from_utf8_lossy(&bytes[..2]).into_owned();
        return Err(wrong(format!("the algorithm ED was expected, found {found:?}")));
    }
    SignatureBox::from_string(text.trim()).map_err(|error| wrong(error.to_string()))
}

/// Checks a signature with the key among `keys` that it names.
///
/// # Errors
/// Why it does not prove that the holder of such a key signed the bytes.
pub fn verify(text: &str, bytes: &[u8], keys: &[PublicKey]) -> Result<Verified, SignatureError> {
    let signature = signature_of(text)?;
    let signed_with = key_id(signature.keynum());
    if keys.is_empty() {
        return Err(SignatureError::NoKey { signed_with });
    }
    let mut named = keys.iter().filter(|key| key.0.keynum() == signature.keynum()).peekable();
    if named.peek().is_none() {
        let given = keys.iter().map(PublicKey::id).collect();
        return Err(SignatureError::OtherKey { signed_with, given });
    }
    let fits = |key: &PublicKey| {
        minisign::verify(&key.0, &signature, Cursor::new(bytes), true, false, false).is_ok()
    };
    if !named.any(fits) {
        return Err(SignatureError::DoesNotFit { key: signed_with });
    }
    let comment = signature.trusted_comment().unwrap_or_default();
    Ok(Verified { key: signed_with, comment })
}
