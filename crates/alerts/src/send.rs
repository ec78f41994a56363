//! Delivery: mail over SMTP, webhooks over HTTP.

use std::path::Path;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Attachment, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{SmtpTransport, Transport};
use sha2::{Digest, Sha256};

use crate::message::Message;
use crate::rules::{Protection, Rules, Smtp, Target};

/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why something was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// A file that the rules name cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The mail server refuses it, or cannot be reached.
    #[error("the mail server {host}: {source}")]
    Mail {
        /// Its name.
        host: String,
        /// Why not.
        source: lettre::transport::smtp::Error,
    },
    /// The mail cannot be put together.
    #[error("the mail cannot be written: {0}")]
    Compose(#[from] lettre::error::Error),
    /// The webhook cannot be reached.
    #[error("the webhook: {}", without_url(.0))]
    Webhook(reqwest::Error),
    /// The webhook refuses it.
    #[error("the webhook answered {0}")]
    Refused(reqwest::StatusCode),
}

/// Addresses of webhooks hold secrets: they are not for logs.
fn without_url(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    if let Some(url) = error.url() {
        text = text.replace(url.as_str(), "its address");
    }
    text
}

/// Sends one message to one target. `name` is the same for the same alerts: who gets a message twice, because
/// the power failed between its delivery and the note of it, can see that it is one.
///
/// # Errors
/// [`SendError`]: it may be tried again.
pub fn send(
    rules: &Rules,
    target: &Target,
    name: &str,
    message: &Message,
) -> Result<(), SendError> {
    match (target, &rules.smtp) {
        (Target::Mail(to), Some(smtp)) => {
            let mut builder = lettre::Message::builder()
                .from(smtp.from.clone())
                .subject(message.subject.replace(['\r', '\n'], " "))
                .message_id(Some(message_id(smtp, name)));
            for to in to {
                builder = builder.to(to.clone());
            }
            let text = SinglePart::plain(message.text.clone());
            let mail = match &message.picture {
                Some(picture) => {
                    let png = ContentType::parse("image/png").unwrap_or(ContentType::TEXT_PLAIN);
                    let picture =
                        Attachment::new("traces.png".to_owned()).body(picture.clone(), png);
                    builder.multipart(MultiPart::mixed().singlepart(text).singlepart(picture))?
                }
                None => builder.singlepart(text)?,
            };
            let failed = |source| SendError::Mail { host: smtp.host.clone(), source };
            transport(smtp)?.send(&mail).map(drop).map_err(failed)
        }
        // Rules have no mail without a server for it.
        (Target::Mail(_), None) => Ok(()),
        (Target::Webhook(url), _) => {
            // Who was first has installed the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let client = reqwest::blocking::Client::builder().timeout(PATIENCE).build();
            let answer = client
                .and_then(|client| {
                    client
                        .post(url)
                        .header("Content-Type", "application/json")
                        .header("Idempotency-Key", name)
                        .body(message.document.to_string())
                        .send()
                })
                .map_err(SendError::Webhook)?;
            match answer.status().is_success() {
                true => Ok(()),
                false => Err(SendError::Refused(answer.status())),
            }
        }
    }
}

/// The same for the same alerts to the same people.
pub(crate) fn name_of<'a>(
    archive: &'a str,
    target: &'a str,
    keys: impl Iterator<Item = &'a str>,
) -> String {
    let mut hash = Sha256::new();
    for part in [archive, target].into_iter().chain(keys) {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn message_id(smtp: &Smtp, name: &str) -> String {
    format!("<{name}@{}>", smtp.from.email.domain())
}

fn transport(smtp: &Smtp) -> Result<SmtpTransport, SendError> {
    let failed = |source| SendError::Mail { host: smtp.host.clone(), source };
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|source| SendError::File { path: path.to_owned(), source })
    };
    let mut builder =
        SmtpTransport::builder_dangerous(&smtp.host).port(smtp.port).timeout(Some(PATIENCE));
    if smtp.protection != Protection::None {
        let mut parameters = TlsParameters::builder(smtp.host.clone());
        if let Some(path) = &smtp.ca_file {
            let pem = read(path)?;
            parameters = parameters
                .add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(failed)?);
        }
        let parameters = parameters.build().map_err(failed)?;
        builder = builder.tls(match smtp.protection {
            Protection::Tls => Tls::Wrapper(parameters),
            _ => Tls::Required(parameters),
        });
    }
    if let Some(user) = &smtp.user {
        let password = match &smtp.password_file {
            Some(path) => read(path)?.lines().next().unwrap_or_default().to_owned(),
            None => String::new(),
        };
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}
