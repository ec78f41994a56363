//! Connections: how many, of one address and in all, how long they may say or take nothing, with or
//! without TLS.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::rate::subscriber;
use crate::stalled::Stalled;
use crate::state::State;

/// How long no connection is accepted when the system has no resources for another one.
const PAUSE: Duration = Duration::from_millis(200);

/// The address that a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// The answer to an address that has as many connections as it may.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n\
    Content-Length: 0\r\n\r\n";

/// Connections of each address.
#[derive(Debug, Default)]
struct Addresses(Mutex<HashMap<IpAddr, usize>>);

impl Addresses {
    /// One more of this address, unless there are `most` of them.
    fn enter(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Entered> {
        let address = subscriber(address.to_canonical());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Entered { of: Arc::clone(self), address })
    }
}

/// A connection that counts until it is dropped.
struct Entered {
    of: Arc<Addresses>,
    address: IpAddr,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut all = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.address);
            }
        }
    }
}

/// Answers until the server stops, then until what is being answered is done.
pub async fn answer(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    app: Router,
    state: State,
) {
    let tls = tls.map(TlsAcceptor::from);
    let open = Arc::new(Semaphore::new(state.limits.connections));
    let idle_timeout = state.limits.idle_timeout;
    let mut stopping = state.live.stopping();
    let addresses = Arc::new(Addresses::default());
    let mut connections = JoinSet::new();
    loop {
        // Beyond the bound they wait where the system keeps them.
        let accepted = async {
            let permit = Arc::clone(&open).acquire_owned().await.ok()?;
            Some((listener.accept().await, permit))
        };
        let (accepted, permit) = tokio::select! {
            accepted = accepted => match accepted {
                Some(accepted) => accepted,
                None => break,
            },
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        while connections.try_join_next().is_some() {}
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("a connection was not accepted: {error}");
                sleep(PAUSE).await;
                continue;
            }
        };
        let Some(entered) = addresses.enter(peer.ip(), state.limits.connections_of_address) else {
            if tls.is_none() {
                refuse(&stream);
            }
            continue;
        };
        let (tls, app, stopping) = (tls.clone(), app.clone(), state.live.stopping());
        connections.spawn(async move {
            handle_connection(stream, peer, tls, app, idle_timeout, stopping).await;
            drop((permit, entered));
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Says that an address has as many connections as it may, as far as the system takes it at once.
fn refuse(stream: &TcpStream) {
    let _ = stream.try_write(TOO_MANY);
}

/// Answers on a connection, after the handshake of TLS where there is one.
async fn handle_connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    app: Router,
    idle_timeout: Duration,
    stopping: watch::Receiver<bool>,
) {
    // Answers are written whole: waiting for more only delays them.
    let _ = stream.set_nodelay(true);
    let stream = Stalled::new(stream, idle_timeout);
    match tls {
        None => connected(TokioIo::new(stream), peer, app, idle_timeout, stopping).await,
        Some(tls) => match timeout(idle_timeout, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                connected(TokioIo::new(stream), peer, app, idle_timeout, stopping).await
            }
            Ok(Err(error)) => tracing::debug!("{peer}: no TLS: {error}"),
            Err(_) => {}
        },
    }
}

async fn connected(
    stream: impl Read + Write + Unpin + Send + 'static,
    peer: SocketAddr,
    app: Router,
    idle_timeout: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    let app = TowerToHyperService::new(app);
    let peer = Peer(peer.ip().to_canonical());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        app.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle_timeout)
        .serve_connection(stream, service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stopping| *stopping) => connection.as_mut().graceful_shutdown(),
    }
    // How it ends is the client's business.
    let _ = connection.await;
}
