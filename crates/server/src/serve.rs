//! Listening, and stopping.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use derive_setters::Setters;
use wavekeep_alerts::RulesError;
use wavekeep_archive::{Archive, ArchiveError, machine_user};
use wavekeep_lake::Follower;
use wavekeep_link::Address;
use wavekeep_period::Letterhead;

use crate::alerts::{self, Alerts};
use crate::app::app;
use crate::audit::{self, Audit, AuditOptions};
use crate::auth::Access;
use crate::connections::answer;
use crate::judging;
use crate::lake;
use crate::listen::{Listen, Listener, Place};
use crate::live;
use crate::oidc::{CALLBACK, OidcOptions, SignIn};
use crate::options::Limits;
use crate::proxy::ProxyOptions;
use crate::recordings::Bridges;
use crate::state::{Settings, Setup, State};
use crate::tls::{Certificates, TlsFiles};
use crate::verification::{self, VerifyPlan};

/// How a server is started.
#[derive(Debug, Clone, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct ServeOptions {
    /// Where it listens.
    #[setters(into)]
    pub listen: Listen,
    /// What stands in front of the server.
    pub proxy: ProxyOptions,
    /// Whether requests need a token on loopback too, though the archive has none.
    pub require_tokens: bool,
    /// Nothing can be changed, and nothing is written into the archive.
    pub read_only: bool,
    /// Makes the archive when there is none.
    pub create: bool,
    /// The certificate, for TLS.
    pub tls: Option<TlsFiles>,
    /// The stream bridges that may be recorded from: a request can name these and no others.
    pub bridges: Vec<Address>,
    /// When parts of the archive are verified.
    pub verify: Option<VerifyPlan>,
    /// Where it is noted who asked for what.
    pub audit: Option<AuditOptions>,
    /// The file with the rules of alerts.
    pub alerts: Option<PathBuf>,
    /// What keeps a lake of the events up to date.
    pub lake: Option<Arc<Follower>>,
    /// Sign-in with an identity provider.
    pub oidc: Option<OidcOptions>,
    /// What stands on the reports of periods.
    pub letterhead: Letterhead,
    /// Bounds.
    pub limits: Limits,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            listen: Listen::Address(([127, 0, 0, 1], 8080).into()),
            proxy: ProxyOptions::default(),
            require_tokens: false,
            read_only: false,
            create: false,
            tls: None,
            bridges: Vec::new(),
            verify: None,
            audit: None,
            alerts: None,
            lake: None,
            oidc: None,
            letterhead: Letterhead::default(),
            limits: Limits::default(),
        }
    }
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Everybody could do everything.
    #[error("{listen} can be reached from other machines, and the archive has no tokens: make one with `wavekeep token add NAME --role admin --archive {}`, or listen on 127.0.0.1", archive.display())]
    NoTokens {
        /// The address.
        listen: Place,
        /// The archive.
        archive: PathBuf,
    },
    /// There is no archive, and none was to be made.
    #[error("{} is not an archive: `wavekeep import` or `wavekeep serve --create` creates one", path.display())]
    NoArchive {
        /// The folder.
        path: PathBuf,
    },
    /// The archive cannot be opened.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The address cannot be had.
    #[error(
        "{listen}: cannot listen: {source}; another program may listen there, `--listen` names another address"
    )]
    Listen {
        /// The place.
        listen: Listen,
        /// Why not.
        source: std::io::Error,
    },
    /// The log of what people did cannot be written.
    #[error("{}: the audit log cannot be opened: {source}", path.display())]
    Audit {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The rules of alerts cannot be used.
    #[error(transparent)]
    Alerts(#[from] RulesError),
    /// The identity provider could not send a browser back.
    #[error(
        "sign-in with an identity provider needs --public-url: {listen} is no address that a browser can be sent back to"
    )]
    NoPublicUrl {
        /// The place.
        listen: Place,
    },
    /// The certificate cannot be used.
    #[error("{}: no TLS with this file: {reason}; a certificate and its private key in PEM were expected", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

/// A server that listens; it answers when [`run`](Self::run) is called.
#[derive(Debug)]
pub struct Server {
    state: State,
    listener: Listener,
    tls: Option<Arc<Certificates>>,
    place: Place,
}

/// Changes what can change while a server runs.
#[derive(Debug, Clone)]
pub struct Reload {
    state: State,
    tls: Option<Arc<Certificates>>,
    place: Place,
}

impl Reload {
    /// Reads the certificate again, and takes over proxies, the identity provider and the rate of requests.
    ///
    /// # Errors
    /// [`ServeError::Tls`] and [`ServeError::NoPublicUrl`]: the certificate before stays in use, and nothing
    /// else changes.
    pub fn with(&self, options: &ServeOptions) -> Result<(), ServeError> {
        if options.oidc.is_some() && self.state.public_url(&options.proxy).is_none() {
            return Err(ServeError::NoPublicUrl { listen: self.place.clone() });
        }
        if let Some(tls) = &self.tls {
            self.state.health.certificate_ends(tls.read_again()?);
        }
        if let Some(audit) = &self.state.audit {
            let path =
                || options.audit.as_ref().map(|audit| audit.path.clone()).unwrap_or_default();
            audit.reopen().map_err(|source| ServeError::Audit { path: path(), source })?;
        }
        if let Some(alerts) = &self.state.alerts {
            alerts.read_again()?;
        }
        // Sign-ins that were begun go on where nothing of it changed.
        let before = self.state.settings().oidc;
        let oidc = options.oidc.as_ref().map(|now| match before {
            Some(before) if before.options == *now => before,
            _ => Arc::new(SignIn::new(now.clone())),
        });
        self.state.set_settings(Settings::new(options.proxy.clone(), &options.limits, oidc));
        Ok(())
    }
}

impl Server {
    /// Opens the archive and takes the address.
    ///
    /// # Errors
    /// [`ServeError`]. Beyond loopback it does not start without tokens.
    pub async fn bind(archive: &Path, options: ServeOptions) -> Result<Self, ServeError> {
        let archive = match options.create && !options.read_only {
            true => Archive::create(archive)?,
            false if !Archive::is_at(archive) => {
                return Err(ServeError::NoArchive { path: archive.to_owned() });
            }
            false if options.read_only => Archive::open_to_read(archive)?,
            false => Archive::open(archive)?,
        };
        let refused = |source| ServeError::Listen { listen: options.listen.clone(), source };
        let (listener, place) = Listener::bind(&options.listen).await.map_err(refused)?;
        let own_url = own_url(&place, options.tls.is_some());
        if options.oidc.is_some() && options.proxy.public_url.is_none() && own_url.is_none() {
            return Err(ServeError::NoPublicUrl { listen: place });
        }
        let signs_in = options.proxy.user_header.is_some() || options.oidc.is_some();
        let must = options.require_tokens || !place.is_local() || signs_in;
        let access = Access::new(must, options.tls.is_some(), machine_user());
        let (tokens, tokens_required) = access.tokens(&archive)?;
        if tokens_required && tokens.is_empty() && !signs_in {
            return Err(ServeError::NoTokens {
                listen: place,
                archive: archive.layout().root().to_owned(),
            });
        }
        let tls = options.tls.as_ref().map(Certificates::read).transpose()?;
        let (tls, certificate_ends) = tls.map_or((None, None), |(tls, ends)| (Some(tls), ends));
        let audit = options.audit.map(|options| {
            let path = options.path.clone();
            Audit::open(options).map_err(|source| ServeError::Audit { path, source })
        });
        let audit = audit.transpose()?;
        let alerts = options.alerts.as_deref().map(Alerts::read).transpose()?.map(Arc::new);
        let setup = Setup {
            limits: options.limits,
            bridges: Bridges::new(options.bridges),
            lake: options.lake,
            alerts,
            proxy: options.proxy,
            verify: options.verify,
            audit,
            oidc: options.oidc,
            own_url,
            letterhead: options.letterhead,
        };
        let state = State::new(archive, access, certificate_ends, setup);
        state.list_interrupted_recordings()?;
        Ok(Self { state, listener, tls, place })
    }

    /// Who has access to what, in sentences for the person who starts the server.
    pub fn notes(&self) -> Vec<String> {
        let (archive, address) = (&self.state.archive, &self.place);
        let mut notes = Vec::new();
        match self.state.access.tokens(archive) {
            Ok((tokens, true)) => notes.push(format!(
                "every request needs a token{}; the archive has {}",
                if self.state.settings().oidc.is_some() { " or a sign-in" } else { "" },
                tokens.len()
            )),
            Ok((_, false)) => notes.push(format!(
                "the archive has no tokens: every user of this machine can {} everything at {address}; \
                 add tokens before a proxy makes it known elsewhere",
                if archive.is_read_only() { "see" } else { "change" }
            )),
            Err(error) => notes.push(error.to_string()),
        }
        let settings = self.state.settings();
        if let (Some(oidc), Some(url)) = (settings.oidc, self.state.public_url(&settings.proxy)) {
            notes.push(format!(
                "people sign in with {}: it sends them to {}{CALLBACK}",
                oidc.options.name,
                url.trim_end_matches('/')
            ));
        }
        if !address.is_local() && self.tls.is_none() {
            notes.push(format!(
                "warning: {address} can be reached from other machines without TLS: tokens and data \
                 can be intercepted; give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy"
            ));
        }
        if archive.is_read_only() {
            notes.push("nothing can be changed (--read-only)".to_owned());
        }
        notes.extend(archive.waiting());
        notes.extend(
            archive
                .gives_files_to()
                .map(|owner| format!("new files belong to {owner}, as the archive does")),
        );
        notes.extend(self.state.recordings.interrupted().into_iter().map(|file| {
            format!(
                "{file} was being recorded when the server ended: GET /api/v1/recordings lists it"
            )
        }));
        notes
    }

    /// Whether every request needs a token.
    pub fn tokens_required(&self) -> bool {
        self.state.access.tokens(&self.state.archive).map_or(true, |(_, required)| required)
    }

    /// Where it listens.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What changes it while it runs.
    pub fn reload(&self) -> Reload {
        Reload { state: self.state.clone(), tls: self.tls.clone(), place: self.place.clone() }
    }

    /// Where a browser finds it.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        match (&self.state.settings().proxy.public_url, &self.place) {
            (Some(url), _) => url.to_string(),
            (None, Place::Address(address)) => format!("{scheme}://{address}/"),
            (None, place) => place.to_string(),
        }
    }

    /// Answers until `stop` is done; then what is being answered is finished within a bound.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) {
        let state = self.state;
        let follower = tokio::spawn(live::follow(state.clone()));
        let lake = lake::start(&state);
        let alerting = alerts::start(&state);
        let judging = judging::start(&state);
        let verifying = verification::start(&state);
        let auditing = audit::start(&state);
        let noting = tokio::spawn(note_uses_of_tokens(state.clone()));
        let looking = tokio::spawn(look_at_provider(state.clone()));
        let app = app(state.clone());
        let mut answering = tokio::spawn(answer(self.listener, self.tls, app, state.clone()));
        stop.await;
        state.live.stop();
        state.verification.stop();
        verifying.abort();
        let recordings = state.clone();
        let closed = tokio::task::spawn_blocking(move || recordings.recordings.stop());
        if tokio::time::timeout(state.limits.stop_time, &mut answering).await.is_err() {
            answering.abort();
        }
        noting.abort();
        judging.iter().for_each(tokio::task::JoinHandle::abort);
        looking.abort();
        auditing.iter().for_each(tokio::task::JoinHandle::abort);
        audit::keep(&state).await;
        let noted = state.clone();
        let _ = tokio::task::spawn_blocking(move || keep_uses_of_tokens(&noted)).await;
        let _ = follower.await;
        lake::stop(lake, state.limits.stop_time).await;
        alerts::stop(alerting, state.limits.stop_time).await;
        if let Err(error) = closed.await {
            tracing::error!("recordings were not closed: {error}");
        }
    }
}

/// Where this machine finds the server; nothing where no URL names the place, or others reach it too.
fn own_url(place: &Place, is_tls: bool) -> Option<String> {
    let scheme = if is_tls { "https" } else { "http" };
    match place {
        Place::Address(address) if place.is_local() => Some(format!("{scheme}://{address}")),
        _ => None,
    }
}

/// How soon an identity provider is asked again that does not answer as it should.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Asks the identity provider for its description, until it gives one: that it does not answer is known
/// before somebody signs in.
async fn look_at_provider(state: State) {
    loop {
        if let Some(oidc) = state.settings().oidc
            && oidc.is_well() != Some(true)
        {
            // The log has it.
            let _ = oidc.look().await;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// How often it is kept when tokens were used.
const NOTE_USES: Duration = Duration::from_secs(60);

/// Keeps when tokens were used, now and then: a request does not wait for the disk because of it.
async fn note_uses_of_tokens(state: State) {
    loop {
        tokio::time::sleep(NOTE_USES).await;
        let noted = state.clone();
        let _ = tokio::task::spawn_blocking(move || keep_uses_of_tokens(&noted)).await;
    }
}

fn keep_uses_of_tokens(state: &State) {
    let uses = state.access.take_uses();
    if uses.is_empty() || state.archive.is_read_only() {
        return;
    }
    if let Err(error) = state.archive.note_token_uses(&uses) {
        tracing::error!("when tokens were used is not kept: {error}");
    }
}

/// Is done when somebody asks the program to end: SIGTERM or SIGINT; on Windows, Ctrl-C, Ctrl-Break, a
/// closed console, or a shutdown. They are listened to from the call on, not from the first poll: one
/// that comes before it does not end the program as it is.
///
/// It has to be called within a runtime.
pub fn asked_to_stop() -> impl Future<Output = ()> + Send + 'static {
    let signals = signals();
    async move {
        match signals {
            Ok(signals) => signals.await,
            Err(_) => drop(tokio::signal::ctrl_c().await),
        }
    }
}

#[cfg(unix)]
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(windows)]
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    let (mut c, mut stop) = (ctrl_c()?, ctrl_break()?);
    let (mut close, mut shutdown) = (ctrl_close()?, ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = c.recv() => {}
            _ = stop.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}
