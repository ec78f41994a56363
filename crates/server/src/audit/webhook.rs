//! A webhook is given the lines of the audit log, in order and at least once: from the file, with a note beside
//! it of how far it has come, so that neither a restart nor a receiver that is away for days loses a line.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Audit;
use crate::state::State;

/// Bytes that are sent at a time.
const AT_ONCE: usize = 1 << 20;
/// How often the file is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long the receiver may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How soon what failed is tried again at first, and at last.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// How far the file was sent.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Sent {
    /// Bytes.
    offset: u64,
    /// The first bytes of the file as text: another file begins anew.
    begins: String,
}

/// Gives the webhook what is in the file, for ever.
pub(super) async fn deliver(state: &State) {
    let Some(audit) = &state.audit else { return };
    let Some(url) = audit.options.webhook.clone() else { return };
    // Whoever was first has installed the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = match reqwest::Client::builder().timeout(PATIENCE).build() {
        Ok(client) => client,
        Err(error) => return tracing::error!("the audit webhook is given nothing: {error}"),
    };
    let note = note_path(&audit.options.path);
    let mut file = Arc::clone(&audit.file().file);
    let mut sent = read_note(&note, &file);
    let mut wait = RETRY.0;
    loop {
        let lines = whole_lines(&file, sent.offset).unwrap_or_else(|error| {
            tracing::error!("{}: {error}", audit.options.path.display());
            Vec::new()
        });
        count_unsent(audit, &file, sent.offset);
        if lines.is_empty() {
            let now = Arc::clone(&audit.file().file);
            if !Arc::ptr_eq(&now, &file) {
                // All of the one that was renamed is sent.
                (file, sent) = (now, Sent::default());
                continue;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
            continue;
        }
        let len = lines.len() as u64;
        let request = client.post(&url).header("content-type", "application/x-ndjson").body(lines);
        match request.send().await.and_then(reqwest::Response::error_for_status) {
            Ok(_) => {
                sent = Sent { offset: sent.offset + len, begins: beginning(&file) };
                if let Err(error) = keep_note(&note, &sent) {
                    tracing::error!("{}: {error}", note.display());
                }
                wait = RETRY.0;
            }
            Err(error) => {
                // Its address may have a secret.
                tracing::error!(
                    "the audit webhook was not given {len} bytes: {}; tried again in {} s",
                    error.without_url(),
                    wait.as_secs()
                );
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(RETRY.1);
            }
        }
    }
}

fn count_unsent(audit: &Audit, file: &File, offset: u64) {
    let len = file.metadata().map_or(0, |found| found.len());
    audit.unsent.store(len.saturating_sub(offset), Ordering::Relaxed);
}

fn note_path(path: &Path) -> PathBuf {
    let mut note = path.as_os_str().to_owned();
    note.push(".sent");
    note.into()
}

/// The first bytes of the file, as far as they tell it from another one.
fn beginning(file: &File) -> String {
    let mut bytes = [0; 128];
    let read = read_at(file, &mut bytes, 0).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..read]).into_owned()
}

fn read_note(path: &Path, file: &File) -> Sent {
    let note: Option<Sent> =
        std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let len = file.metadata().map_or(0, |found| found.len());
    let begins = beginning(file);
    let is_of_file = |note: &Sent| note.offset <= len && begins.starts_with(&note.begins);
    note.filter(is_of_file).unwrap_or_default()
}

fn keep_note(path: &Path, sent: &Sent) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let mut file = tempfile::Builder::new()
        .prefix(".wavekeep-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(&serde_json::to_vec(sent)?)?;
    wavekeep_archive::persist(file.into_temp_path(), path, true)
}

/// The whole lines from an offset on, as many as are sent at a time.
fn whole_lines(file: &File, offset: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; AT_ONCE];
    let read = read_at(file, &mut bytes, offset)?;
    bytes.truncate(read);
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    bytes.truncate(end);
    Ok(bytes)
}

/// Reads until the end of the file, or until `bytes` are full; where others append meanwhile.
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    let read_some = std::os::unix::fs::FileExt::read_at;
    #[cfg(windows)]
    let read_some = std::os::windows::fs::FileExt::seek_read;
    let mut read = 0;
    while read < bytes.len() {
        match read_some(file, &mut bytes[read..], offset + read as u64)? {
            0 => break,
            n => read += n,
        }
    }
    Ok(read)
}
