//! Connections: how many, of one address and in all, how long they may say or take nothing, with or
//! without TLS.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::listen::{Listener, Stream};
use crate::rate::subscriber;
use crate::stalled::Stalled;
use crate::state::State;
use crate::tls::Certificates;

/// How long no connection is accepted when the system has no resources for another one.
const PAUSE: Duration = Duration::from_millis(200);

/// Requests at a time on one connection of HTTP/2.
const STREAMS: u32 = 128;

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
pub async fn answer(listener: Listener, tls: Option<Arc<Certificates>>, app: Router, state: State) {
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
        let (mut stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("a connection was not accepted: {error}");
                sleep(PAUSE).await;
                continue;
            }
        };
        // A trusted proxy has the connections of all its clients.
        let most = match state.settings().proxy.trusts(peer) {
            true => usize::MAX,
            false => state.limits.connections_of_address,
        };
        let Some(entered) = addresses.enter(peer, most) else {
            if tls.is_none() {
                refuse(&mut stream);
            }
            continue;
        };
        let tls = tls.as_ref().map(|tls| TlsAcceptor::from(tls.current()));
        let (app, stopping) = (app.clone(), state.live.stopping());
        connections.spawn(async move {
            handle_connection(stream, peer, tls, app, idle_timeout, stopping).await;
            drop((permit, entered));
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Says that an address has as many connections as it may, as far as the system takes it at once.
fn refuse(stream: &mut Box<dyn Stream>) {
    let _ = stream.write(TOO_MANY).now_or_never();
}

/// Answers on a connection, after the handshake of TLS where there is one.
async fn handle_connection(
    stream: Box<dyn Stream>,
    peer: IpAddr,
    tls: Option<TlsAcceptor>,
    app: Router,
    idle_timeout: Duration,
    stopping: watch::Receiver<bool>,
) {
    match tls {
        None => connected(stream, peer, app, idle_timeout, stopping).await,
        Some(tls) => match timeout(idle_timeout, tls.accept(stream)).await {
            Ok(Ok(stream)) => connected(stream, peer, app, idle_timeout, stopping).await,
            Ok(Err(error)) => tracing::debug!("{peer}: no TLS: {error}"),
            Err(_) => {}
        },
    }
}

async fn connected(
    stream: impl Stream,
    peer: IpAddr,
    app: Router,
    idle_timeout: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    let app = TowerToHyperService::new(app);
    let peer = Peer(peer.to_canonical());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        app.call(request)
    });
    let stream = TokioIo::new(Stalled::new(stream, idle_timeout));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(idle_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(idle_timeout)
        .keep_alive_timeout(idle_timeout);
    let connection = builder.serve_connection(stream, service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stopping| *stopping) => connection.as_mut().graceful_shutdown(),
    }
    // How it ends is the client's business.
    let _ = connection.await;
}
