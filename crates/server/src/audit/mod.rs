//! Who asked for what: one line of JSON for each request that changes something or is refused, and where that
//! is wanted for each that reads. Lines are appended to a file, and a webhook can be given the same lines.
//!
//! The ledger says what became of the archive; the log says what people did, also what they were refused.

mod webhook;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{Method, Uri};
use axum::response::Response;
use derive_setters::Setters;
use jiff::Timestamp;
use serde::Serialize;
use tokio::task::JoinHandle;
use wavekeep_archive::Role;

use crate::auth::{By, Caller};
use crate::metrics::Exposition;
use crate::oidc::CALLBACK;
use crate::state::State;

/// Entries of refused requests in a minute: who guesses tokens does not fill the disk.
const REFUSED_IN_A_MINUTE: u32 = 600;
const MINUTE: Duration = Duration::from_secs(60);
/// How often the file is synced.
const SYNC: Duration = Duration::from_secs(1);

/// Where the log of what people did is kept.
#[derive(Debug, Clone, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct AuditOptions {
    /// The file, to which lines are appended.
    #[setters(skip)]
    pub path: PathBuf,
    /// Whether requests that only read are noted too.
    pub reads: bool,
    /// An address that is given the lines.
    pub webhook: Option<String>,
}

impl AuditOptions {
    /// Changes and refusals, in a file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), reads: false, webhook: None }
    }
}

/// One line.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    time: String,
    who: Option<&'a str>,
    role: Option<&'a str>,
    /// `token`, `oidc`, `proxy`, or `local` without any.
    by: Option<&'a str>,
    address: &'a str,
    method: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'a str>,
    /// The status of the answer; `null` where the client went away before it.
    status: Option<u16>,
    milliseconds: f64,
}

/// The log, where there is one.
#[derive(Debug)]
pub struct Audit {
    options: AuditOptions,
    file: Mutex<Open>,
    entries: AtomicU64,
    failures: AtomicU64,
    /// Bytes that the webhook was not given yet.
    unsent: AtomicU64,
}

#[derive(Debug)]
struct Open {
    file: Arc<File>,
    is_synced: bool,
    /// Refusals in the minute that began then, and how many of them were left out.
    refused: (Instant, u32, u64),
}

impl Audit {
    /// Opens the file.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(options: AuditOptions) -> io::Result<Self> {
        let file = Arc::new(appended(&options.path)?);
        let open = Open { file, is_synced: true, refused: (Instant::now(), 0, 0) };
        Ok(Self {
            options,
            file: Mutex::new(open),
            entries: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            unsent: AtomicU64::new(0),
        })
    }

    fn file(&self) -> MutexGuard<'_, Open> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the file again: it may have been renamed, to be kept as an older one.
    ///
    /// # Errors
    /// What the system says: lines go to the file before then.
    pub fn reopen(&self) -> io::Result<()> {
        let file = Arc::new(appended(&self.options.path)?);
        self.file().file = file;
        Ok(())
    }

    fn append(&self, entry: &Entry<'_>, is_refused: bool) {
        let mut open = self.file();
        if is_refused {
            let (begun, count, left_out) = &mut open.refused;
            if begun.elapsed() >= MINUTE {
                (*begun, *count) = (Instant::now(), 0);
            }
            *count += 1;
            if *count > REFUSED_IN_A_MINUTE {
                *left_out += 1;
                return;
            }
        }
        let mut lines = String::new();
        let left_out = std::mem::take(&mut open.refused.2);
        if left_out > 0 {
            let time = &entry.time;
            lines = format!("{{\"time\":\"{time}\",\"left_out_refusals\":{left_out}}}\n");
        }
        // Plain data always has a JSON form.
        lines += &serde_json::to_string(entry).unwrap_or_default();
        lines.push('\n');
        // A line that was cut short, by a full disk, ends before the next one.
        match (&*open.file).write_all(lines.as_bytes()) {
            Ok(()) => {
                self.entries.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                tracing::error!("{}: {error}; not noted: {lines}", self.options.path.display());
                let _ = (&*open.file).write_all(b"\n");
            }
        }
        open.is_synced = false;
    }

    fn sync(&self) {
        let file = {
            let mut open = self.file();
            if std::mem::replace(&mut open.is_synced, true) {
                return;
            }
            Arc::clone(&open.file)
        };
        if let Err(error) = file.sync_data() {
            tracing::error!("{}: {error}", self.options.path.display());
        }
    }

    /// Adds what Prometheus reads.
    pub fn write_metrics(&self, out: &mut Exposition) {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let help = "Requests that were noted in the audit log.";
        out.counter("wavekeep_audit_entries_total", help, load(&self.entries));
        let help = "Requests that could not be noted: the server's log has them.";
        out.counter("wavekeep_audit_failures_total", help, load(&self.failures));
        let help = "Bytes of the audit log that the webhook was not given yet.";
        out.gauge("wavekeep_audit_unsent_bytes", help, load(&self.unsent));
    }
}

fn appended(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // Read too: the webhook is given what a file had when it was renamed.
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(path)
}

/// Whom an identity provider signed in by a request; beside its answer.
#[derive(Debug, Clone)]
pub struct Signing {
    /// The name.
    pub who: String,
    /// The role; `None` where it is refused.
    pub role: Option<Role>,
}

/// A request that is to be noted: when it is answered, or when its client goes away before.
#[derive(Debug)]
pub struct Noting {
    state: State,
    begun: Instant,
    method: Method,
    uri: Uri,
    address: String,
    who: Option<String>,
    role: Option<&'static str>,
    by: Option<&'static str>,
    is_done: bool,
}

impl Noting {
    /// A request; `None` where nothing is noted.
    pub fn begin(state: &State, method: &Method, uri: &Uri, address: String) -> Option<Self> {
        state.audit.as_ref()?;
        Some(Self {
            state: state.clone(),
            begun: Instant::now(),
            method: method.clone(),
            uri: uri.clone(),
            address,
            who: None,
            role: None,
            by: None,
            is_done: false,
        })
    }

    /// Who asks.
    pub fn is_by(&mut self, caller: &Caller) {
        self.who.clone_from(&caller.name);
        self.role = Some(caller.role.word());
        self.by = Some(caller.by.word());
    }

    /// It was answered.
    pub fn answered(mut self, response: &Response) {
        if self.uri.path() == CALLBACK {
            // Whom the provider names, and nobody else: who signs in is not known before.
            let signing = response.extensions().get::<Signing>();
            self.who = signing.map(|signing| signing.who.clone());
            self.role = signing.and_then(|signing| signing.role).map(Role::word);
            self.by = signing.map(|_| By::Oidc.word());
        }
        self.is_done = true;
        self.note(Some(response.status().as_u16()));
    }

    fn note(&self, status: Option<u16>) {
        let Some(audit) = &self.state.audit else { return };
        let path = self.uri.path();
        let is_read = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&self.method);
        let is_sign_in = path == CALLBACK;
        let is_refused = match status {
            Some(401 | 403) => true,
            // Anybody can send what is no sign-in.
            status => is_sign_in && status.is_none_or(|status| status >= 400),
        };
        // The page, and the state of the server, say nothing of the archive.
        let is_of_data = ["/api/", "/db", "/device"].iter().any(|of| path.starts_with(of));
        let is_noted_read = is_refused || is_sign_in || audit.options.reads && is_of_data;
        if is_read && !is_noted_read {
            return;
        }
        audit.append(
            &Entry {
                time: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
                who: self.who.as_deref(),
                role: self.role,
                by: self.by,
                address: &self.address,
                method: self.method.as_str(),
                path,
                // Somebody may have put a token there; what a provider sends is for the server alone.
                query: self.uri.query().filter(|query| !is_sign_in && !query.contains("wk_")),
                status,
                milliseconds: (self.begun.elapsed().as_secs_f64() * 1e4).round() / 10.0,
            },
            is_refused,
        );
    }
}

impl Drop for Noting {
    fn drop(&mut self) {
        if !self.is_done {
            self.note(None);
        }
    }
}

/// Syncs the file, and gives its lines to the webhook, until the tasks are ended.
pub fn start(state: &State) -> Vec<JoinHandle<()>> {
    if state.audit.is_none() {
        return Vec::new();
    }
    let syncing = state.clone();
    let sync = tokio::spawn(async move {
        loop {
            tokio::time::sleep(SYNC).await;
            keep(&syncing).await;
        }
    });
    let delivering = state.clone();
    let deliver = tokio::spawn(async move { webhook::deliver(&delivering).await });
    vec![sync, deliver]
}

/// Syncs the file.
pub async fn keep(state: &State) {
    let state = state.clone();
    let synced = tokio::task::spawn_blocking(move || state.audit.as_ref().map(Audit::sync));
    let _ = synced.await;
}
