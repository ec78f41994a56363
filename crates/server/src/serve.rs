//! Listening, and stopping.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::rustls::ServerConfig;
use wavekeep_archive::{Archive, ArchiveError};

use crate::app::app;
use crate::auth::{Access, TokenError, Tokens};
use crate::connections::answer;
use crate::live;
use crate::options::Limits;
use crate::state::State;
use crate::tls::TlsFiles;

/// How a server is started.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whether requests need a token on loopback too.
    pub require_tokens: bool,
    /// The certificate, for TLS.
    pub tls: Option<TlsFiles>,
    /// Bounds.
    pub limits: Limits,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            require_tokens: false,
            tls: None,
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
        listen: SocketAddr,
        /// The archive.
        archive: PathBuf,
    },
    /// The archive cannot be opened.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The tokens cannot be read.
    #[error(transparent)]
    Tokens(#[from] TokenError),
    /// The address cannot be had.
    #[error(
        "{listen}: cannot listen: {source}; another program may listen there, `--listen` names another address"
    )]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why not.
        source: std::io::Error,
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
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    address: SocketAddr,
}

impl Server {
    /// Opens the archive and takes the address.
    ///
    /// # Errors
    /// [`ServeError`]. Beyond loopback it does not start without tokens.
    pub async fn bind(archive: &Path, options: ServeOptions) -> Result<Self, ServeError> {
        let listen = options.listen;
        let archive = Archive::create(archive)?;
        let tokens = Tokens::open(&archive.layout().own_folder())?;
        let tokens_required = options.require_tokens || !listen.ip().is_loopback();
        if tokens_required && tokens.list()?.is_empty() {
            return Err(ServeError::NoTokens {
                listen,
                archive: archive.layout().root().to_owned(),
            });
        }
        let tls = options.tls.as_ref().map(TlsFiles::config).transpose()?;
        let refused = |source| ServeError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let access = Access { tokens, tokens_required, is_tls: tls.is_some() };
        let state = State::new(archive, access, options.limits);
        Ok(Self { state, listener, tls, address })
    }

    /// The address that it has.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where a browser finds it.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/", self.address)
    }

    /// Answers until `stop` is done; then what is being answered is finished within a bound.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) {
        let state = self.state;
        let follower = tokio::spawn(live::follow(state.clone()));
        let app = app(state.clone());
        let mut answering = tokio::spawn(answer(self.listener, self.tls, app, state.clone()));
        stop.await;
        state.live.stop();
        let recordings = state.clone();
        let closed = tokio::task::spawn_blocking(move || recordings.recordings.stop());
        if tokio::time::timeout(state.limits.stop_time, &mut answering).await.is_err() {
            answering.abort();
        }
        let _ = follower.await;
        if let Err(error) = closed.await {
            tracing::error!("recordings were not closed: {error}");
        }
    }
}

/// Is done when somebody asks the program to end: SIGTERM or SIGINT.
pub async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
