//! Heads as people hold them: files with a signature and a time stamp beside them.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use wavekeep_archive::Head;
use wavekeep_custody::proof::{CheckOptions, SignatureFinding, StampFinding};
use wavekeep_custody::signature::{self, PublicKey, SecretKey};
use wavekeep_custody::stamp::{self, Certificates, Stamp};

use crate::args::{SigningArgs, TrustArgs};

/// Largest file that is read as a key, a head, a signature or a certificate.
const MOST_BYTES: u64 = 4 << 20;

/// A path with a further suffix.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The bytes of a small file.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let of = || path.display().to_string();
    let len = std::fs::metadata(path).with_context(of)?.len();
    if len > MOST_BYTES {
        bail!("{}: {len} bytes, at most {MOST_BYTES} were expected", path.display());
    }
    std::fs::read(path).with_context(of)
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    String::from_utf8(read(path)?).with_context(|| format!("{}: not a text", path.display()))
}

fn read_if_there(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    if path.exists() { read(path).map(Some) } else { Ok(None) }
}

/// The password in the first line of a file.
pub fn password(path: Option<&Path>) -> anyhow::Result<Option<String>> {
    let Some(path) = path else { return Ok(None) };
    let text = read_text(path)?;
    Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
}

impl SigningArgs {
    /// Signs a head: the text of its signature; nothing without a key.
    pub fn sign(&self, head: &Head) -> anyhow::Result<Option<String>> {
        let Some(path) = &self.key else { return Ok(None) };
        let password = password(self.password_file.as_deref())?;
        let key = SecretKey::parse(&read_text(path)?, password.as_deref());
        let key = key.with_context(|| path.display().to_string())?;
        let text = key.sign(head.to_string().as_bytes(), &signature::comment_of(head))?;
        Ok(Some(text))
    }
}

impl TrustArgs {
    /// With what proofs and heads are checked.
    pub fn options(&self) -> anyhow::Result<CheckOptions> {
        let mut options = CheckOptions::default();
        for given in &self.public_keys {
            let path = Path::new(given);
            let text = if path.is_file() { read_text(path)? } else { given.clone() };
            let key = PublicKey::parse(&text);
            options.public_keys.push(key.with_context(|| format!("--public-key {given}"))?);
        }
        for (paths, into) in
            [(&self.authorities, &mut options.trusted), (&self.between, &mut options.beside)]
        {
            for path in paths {
                let certificates = Certificates::parse(&read(path)?);
                into.extend(certificates.with_context(|| path.display().to_string())?);
            }
        }
        Ok(options)
    }
}

/// A head that somebody held, as it was given.
pub struct Held {
    pub head: Head,
    /// Its file, where it is one.
    pub path: Option<PathBuf>,
    pub bytes: Vec<u8>,
    pub signature: Option<String>,
    pub stamp: Option<Vec<u8>>,
}

impl Held {
    /// Reads a head: a file with what lies beside it, or `SIZE:ROOT`.
    pub fn read(given: &str) -> anyhow::Result<Self> {
        let path = Path::new(given);
        if !path.exists() && given.contains(':') {
            let head = given.parse().with_context(|| format!("--since {given}"))?;
            let bytes = given.as_bytes().to_vec();
            return Ok(Self { head, path: None, bytes, signature: None, stamp: None });
        }
        let text = read_text(path)?;
        let head = text.parse().with_context(|| path.display().to_string())?;
        let signature = match read_if_there(&beside(path, ".minisig"))? {
            Some(bytes) => Some(String::from_utf8(bytes).context("a signature that is no text")?),
            None => None,
        };
        let stamp = read_if_there(&beside(path, ".tsr"))?;
        let path = Some(path.to_owned());
        Ok(Self { head, path, bytes: text.into_bytes(), signature, stamp })
    }

    /// What its signature and its time stamp say, and what does not fit.
    pub fn check(&self, options: &CheckOptions) -> (SignatureFinding, StampFinding, Vec<String>) {
        let mut problems = Vec::new();
        let signed = match &self.signature {
            None if options.public_keys.is_empty() => SignatureFinding::Absent,
            None => {
                problems.push(
                    "the head has no signature beside it, and a public key was given".to_owned(),
                );
                SignatureFinding::Absent
            }
            Some(text) if options.public_keys.is_empty() => SignatureFinding::KeyNotGiven {
                key: signature::signed_with(text).unwrap_or_else(|error| error.to_string()),
            },
            Some(text) => match signature::verify(text, &self.bytes, &options.public_keys) {
                Ok(by) => SignatureFinding::By { key: by.key, comment: by.comment },
                Err(error) => {
                    problems.push(format!("the signature of the head: {error}"));
                    SignatureFinding::Wrong
                }
            },
        };
        let stamped = match &self.stamp {
            None if options.trusted.is_empty() => StampFinding::Absent,
            None => {
                problems.push(
                    "the head has no time stamp beside it, and a certificate was given".to_owned(),
                );
                StampFinding::Absent
            }
            Some(answer) => match self.check_stamp(answer, options) {
                Ok(found) => found,
                Err(error) => {
                    problems.push(format!("the time stamp of the head: {error}"));
                    StampFinding::Wrong
                }
            },
        };
        (signed, stamped, problems)
    }

    fn check_stamp(
        &self,
        answer: &[u8],
        options: &CheckOptions,
    ) -> Result<StampFinding, stamp::StampError> {
        let stamp = Stamp::parse(answer)?;
        if options.trusted.is_empty() {
            return Ok(StampFinding::CertificateNotGiven(stamp.unverified(&self.bytes)));
        }
        stamp::check(&stamp, &self.bytes, None, &options.trusted, &options.beside)
            .map(StampFinding::At)
    }
}

/// A signature in a sentence.
pub fn signature_sentence(found: &SignatureFinding) -> String {
    match found {
        SignatureFinding::By { key, comment } => {
            format!("signed by the key {key} that you gave ({comment})")
        }
        SignatureFinding::Absent => "not signed".to_owned(),
        SignatureFinding::KeyNotGiven { key } => {
            format!("signed by the key {key}; not checked: give it with --public-key")
        }
        _ => "the signature does not fit".to_owned(),
    }
}

/// A time stamp in a sentence.
pub fn stamp_sentence(found: &StampFinding) -> String {
    match found {
        StampFinding::At(at) => format!("stamped at {} by {}", at.time, at.authority),
        StampFinding::Absent => "not stamped".to_owned(),
        StampFinding::CertificateNotGiven(claimed) => format!(
            "a time stamp says {}{}; not checked: give the authority's certificate with --ca",
            claimed.time,
            if claimed.is_of_the_bytes { "" } else { ", and is of another file" }
        ),
        _ => "the time stamp does not fit".to_owned(),
    }
}

/// The two findings as JSON.
pub fn json_of(signed: &SignatureFinding, stamped: &StampFinding) -> serde_json::Value {
    let signature = match signed {
        SignatureFinding::By { key, comment } => {
            serde_json::json!({ "fits": true, "key": key, "comment": comment })
        }
        SignatureFinding::Absent => serde_json::Value::Null,
        SignatureFinding::KeyNotGiven { key } => serde_json::json!({ "fits": null, "key": key }),
        _ => serde_json::json!({ "fits": false }),
    };
    let stamp = match stamped {
        StampFinding::At(at) => serde_json::json!({
            "fits": true, "time": at.time, "authority": at.authority, "serial": at.serial,
            "policy": at.policy,
        }),
        StampFinding::Absent => serde_json::Value::Null,
        StampFinding::CertificateNotGiven(claimed) => serde_json::json!({
            "fits": if claimed.is_of_the_bytes { None } else { Some(false) }, "time": claimed.time,
        }),
        _ => serde_json::json!({ "fits": false }),
    };
    serde_json::json!({ "signature": signature, "stamp": stamp })
}

/// Writes a file whole, or not at all.
pub fn write(path: &Path, bytes: &[u8], force: bool) -> anyhow::Result<()> {
    wavekeep_export::publish(path, force, |out| Ok(out.write_all(bytes)?))
        .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
}
