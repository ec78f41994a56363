//! `wavekeep key`, `wavekeep stamp`

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::json;
use wavekeep_custody::signature::{PublicKey, SecretKey, make_key};
use wavekeep_custody::stamp::{self, Stamp};

use super::trust::{self, beside};
use crate::args::{Args, KeyArgs, KeyCommand, StampArgs};
use crate::exit::Account;
use crate::terminal::{errln, outln};

/// Longest answer of an authority.
const MOST_ANSWER: u64 = 1 << 20;

/// Makes or shows a key.
pub fn run(args: &Args, command: &KeyArgs) -> anyhow::Result<Account> {
    match &command.command {
        KeyCommand::New { output, password_file } => {
            let password = trust::password(password_file.as_deref())?;
            let key = make_key(password.as_deref())?;
            let public = beside(output, ".pub");
            for path in [output, &public] {
                if path.exists() {
                    bail!("{} exists already: a key is never replaced", path.display());
                }
            }
            write_secret(output, key.secret_text.as_bytes())?;
            trust::write(&public, key.public_text.as_bytes(), false)?;
            match args.json {
                true => outln!(
                    "{}",
                    json!({ "secret": output, "public": public, "id": key.public.id(), "key": key.public.to_base64() })
                ),
                false => outln!("{}", key.public.to_base64()),
            }
            if !args.quiet && !args.json {
                errln!(
                    "{} is secret: keep it outside of the archive. {} is for everyone who verifies",
                    output.display(),
                    public.display()
                );
            }
        }
        KeyCommand::Show { file, password_file } => {
            let text = String::from_utf8(trust::read(file)?);
            let text = text.with_context(|| format!("{}: not a key file", file.display()))?;
            let password = trust::password(password_file.as_deref())?;
            let key = match PublicKey::parse(&text) {
                Ok(key) => key,
                Err(_) => {
                    let secret = SecretKey::parse(&text, password.as_deref());
                    secret.with_context(|| file.display().to_string())?.public()?
                }
            };
            match args.json {
                true => outln!("{}", json!({ "id": key.id(), "key": key.to_base64() })),
                false => outln!("{}", key.to_base64()),
            }
        }
    }
    Ok(Account::default())
}

/// Writes a file that its owner alone may read.
fn write_secret(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let of = || path.display().to_string();
    let mut file = options.open(path).with_context(of)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(of)
}

/// Has a file stamped, takes an answer in, or checks one that is there.
pub fn stamp(args: &Args, command: &StampArgs) -> anyhow::Result<Account> {
    let bytes = trust::read(&command.file)?;
    let (request_path, answer_path) =
        (beside(&command.file, ".tsq"), beside(&command.file, ".tsr"));
    if command.request {
        trust::write(&request_path, &new_request(&bytes)?, command.force)?;
        if !args.quiet {
            errln!(
                "{}: send it to an authority as application/timestamp-query, and take its answer in with \
                 --answer",
                request_path.display()
            );
        }
        return Ok(Account::default());
    }
    let (request, answer) = match (&command.url, &command.answer) {
        (Some(url), _) => {
            if answer_path.exists() && !command.force {
                bail!("{} exists already: --force replaces it", answer_path.display());
            }
            let request = new_request(&bytes)?;
            let answer = ask(url, &request)?;
            (Some(request), answer)
        }
        (None, Some(path)) => {
            let request =
                if request_path.exists() { Some(trust::read(&request_path)?) } else { None };
            (request, trust::read(path)?)
        }
        (None, None) => (None, trust::read(&answer_path)?),
    };
    let options = command.trust.options()?;
    let stamp = Stamp::parse(&answer)?;
    let is_new = command.url.is_some() || command.answer.is_some();
    let claimed = stamp.unverified(&bytes);
    if !claimed.is_of_the_bytes {
        bail!("the answer is of another file than {}", command.file.display());
    }
    let checked = match options.trusted.is_empty() {
        true => None,
        false => Some(stamp::check(
            &stamp,
            &bytes,
            request.as_deref(),
            &options.trusted,
            &options.beside,
        )?),
    };
    if is_new && command.answer.as_deref() != Some(&*answer_path) {
        trust::write(&answer_path, &answer, command.force)?;
    }
    match (&checked, args.json) {
        (Some(at), true) => outln!(
            "{}",
            json!({ "file": command.file, "stamp": answer_path, "time": at.time, "authority": at.authority, "serial": at.serial, "policy": at.policy, "checked": true })
        ),
        (None, true) => outln!(
            "{}",
            json!({ "file": command.file, "stamp": answer_path, "time": claimed.time, "checked": false })
        ),
        (Some(at), false) => outln!("stamped at {} by {}", at.time, at.authority),
        (None, false) => outln!(
            "the answer says {}; it was not checked: give the authority's certificate with --ca",
            claimed.time
        ),
    }
    Ok(Account::default())
}

fn new_request(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce).map_err(|error| anyhow::anyhow!("no random number: {error}"))?;
    Ok(stamp::request(bytes, u64::from_le_bytes(nonce))?)
}

/// Asks an authority over HTTP (RFC 3161, section 3.4). Its answer is signed: it needs no TLS.
fn ask(url: &str, request: &[u8]) -> anyhow::Result<Vec<u8>> {
    if !url.starts_with("http://") {
        bail!(
            "{url}: an address of the form http://… was expected; for others use --request and --answer"
        );
    }
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(std::time::Duration::from_secs(60)))
        .build()
        .new_agent();
    let answer = agent
        .post(url)
        .header("Content-Type", "application/timestamp-query")
        .header("Accept", "application/timestamp-reply")
        .send(request);
    let mut answer = answer.with_context(|| format!("{url}: the authority did not answer"))?;
    let body = answer.body_mut().with_config().limit(MOST_ANSWER).read_to_vec();
    body.with_context(|| format!("{url}: its answer could not be read"))
}
