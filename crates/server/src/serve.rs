//! Listening, and stopping.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;
use wavekeep_archive::{Archive, ArchiveError};

use crate::app::app;
use crate::auth::{Access, TokenError, Tokens};
use crate::live;
use crate::options::Limits;
use crate::state::State;

/// How a server is started.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whether requests need a token on loopback too.
    pub require_tokens: bool,
    /// Bounds.
    pub limits: Limits,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            require_tokens: false,
            limits: Limits::default(),
        }
    }
}

/// Why a server does not start, or stopped.
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
    /// The system gave up on the server.
    #[error("the server failed: {0}")]
    Failed(std::io::Error),
}

/// A server that listens; it answers when [`run`](Self::run) is called.
#[derive(Debug)]
pub struct Server {
    state: State,
    listener: TcpListener,
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
        let refused = |source| ServeError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let state = State::new(archive, Access { tokens, tokens_required }, options.limits);
        Ok(Self { state, listener, address })
    }

    /// The address that it has.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is done; then what is being answered is finished within a bound.
    ///
    /// # Errors
    /// [`ServeError::Failed`].
    pub async fn run(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let state = self.state;
        let follower = tokio::spawn(live::follow(state.clone()));
        let stopping = state.clone();
        let stopped = async move {
            stop.await;
            stopping.live.stop();
        };
        let serving =
            axum::serve(self.listener, app(state.clone())).with_graceful_shutdown(stopped);
        let mut serving = tokio::spawn(serving.into_future());
        let deadline = async {
            let _ = state.live.stopping().wait_for(|stopping| *stopping).await;
            tokio::time::sleep(state.limits.stop_time).await;
        };
        let ended = tokio::select! {
            ended = &mut serving => ended.unwrap_or_else(|error| Err(std::io::Error::other(error))),
            () = deadline => { serving.abort(); Ok(()) }
        };
        state.live.stop();
        let _ = follower.await;
        ended.map_err(ServeError::Failed)
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
