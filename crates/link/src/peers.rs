//! Connections: made again when they break, accepted up to a number, ended with their owner.

use std::collections::HashMap;
use std::io::{self, BufReader};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

use crate::address::Address;
use crate::zmtp::{Kind, Wire, WireError};

/// How long a peer may be silent while hands are handshake_of.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long it may take nothing of an answer.
const SENDING: Duration = Duration::from_secs(10);
/// How long it may take to connect.
const CONNECTING: Duration = Duration::from_secs(2);
/// Between two attempts to connect; twice as long after each that failed.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Between two looks for somebody who connects.
const ACCEPTING: Duration = Duration::from_millis(20);

/// A connection of TCP after its handshake.
pub(crate) type TcpWire = Wire<BufReader<TcpStream>, TcpStream>;
/// What is done with a connection, until it cannot be used any more.
pub(crate) type Serve = Arc<dyn Fn(&mut TcpWire) -> WireError + Send + Sync>;

/// The connections of a socket. They end when it is dropped.
pub(crate) struct Peers {
    shared: Arc<Shared>,
    acceptors: Vec<JoinHandle<()>>,
}

/// What there is to say of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeerState {
    /// Connections now.
    pub(crate) connected: usize,
    /// Connections since the beginning.
    pub(crate) connections: u64,
    /// Connections that were of no use: other programs, other sockets, broken bytes, too many.
    pub(crate) refused: u64,
    /// The last reason why one could not be made or had to end.
    pub(crate) last_fault: Option<String>,
}

/// A look at the connections of a socket.
#[derive(Clone)]
pub(crate) struct Watch(Arc<Shared>);

impl Watch {
    pub(crate) fn state(&self) -> PeerState {
        self.0.inner().state.clone()
    }
}

#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    stopping: Condvar,
}

#[derive(Default)]
struct Inner {
    is_stopped: bool,
    last: u64,
    /// All that are open, to be ended.
    streams: HashMap<u64, TcpStream>,
    state: PeerState,
}

impl Peers {
    pub(crate) fn new() -> Self {
        Self { shared: Arc::default(), acceptors: Vec::new() }
    }

    /// A look at them, from elsewhere too.
    pub(crate) fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.shared))
    }

    /// Connects, again and again.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(crate) fn connect(&self, address: Address, kind: Kind, serve: Serve) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let name = format!("to {address}");
        // Not waited for: it may be connecting when everything ends.
        thread::Builder::new().name(name).spawn(move || {
            let mut pause = PAUSE;
            while !shared.inner().is_stopped {
                let was_used = match connected(&address) {
                    Ok(stream) => shared.attend(stream, kind, &serve, Some(&address)),
                    Err(error) => {
                        shared.fault(format!("{address}: cannot connect: {error}"));
                        false
                    }
                };
                pause = if was_used { PAUSE } else { (2 * pause).min(LONGEST_PAUSE) };
                shared.sleep(pause);
            }
        })?;
        Ok(())
    }

    /// Listens, for `most` connections at a time. Gives the address with its port.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub(crate) fn bind(
        &mut self,
        address: &Address,
        kind: Kind,
        most: usize,
        serve: Serve,
    ) -> io::Result<Address> {
        let listener = TcpListener::bind(&address.resolve()?[..])?;
        listener.set_nonblocking(true)?;
        let bound = address.with_port(listener.local_addr()?.port());
        let shared = Arc::clone(&self.shared);
        let acceptor = thread::Builder::new().name(format!("at {bound}")).spawn(move || {
            while !shared.inner().is_stopped {
                match listener.accept() {
                    Ok((stream, _)) => accepted(&shared, stream, kind, most, &serve),
                    Err(error) => {
                        if error.kind() != io::ErrorKind::WouldBlock {
                            shared.fault(format!("cannot accept a connection: {error}"));
                        }
                        shared.sleep(ACCEPTING);
                    }
                }
            }
        })?;
        self.acceptors.push(acceptor);
        Ok(bound)
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        let streams: Vec<_> = {
            let mut inner = self.shared.inner();
            inner.is_stopped = true;
            inner.streams.drain().map(|(_, stream)| stream).collect()
        };
        self.shared.stopping.notify_all();
        for stream in streams {
            // One that is gone already is as well.
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Afterwards the port is free again.
        for acceptor in self.acceptors.drain(..) {
            let _ = acceptor.join();
        }
    }
}

fn connected(address: &Address) -> io::Result<TcpStream> {
    let mut failed = None;
    for address in address.resolve()? {
        match TcpStream::connect_timeout(&address, CONNECTING) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

fn accepted(shared: &Arc<Shared>, stream: TcpStream, kind: Kind, most: usize, serve: &Serve) {
    if shared.inner().streams.len() >= most {
        return shared.refuse(format!("{most} connections are open, no more are accepted"));
    }
    let (taken, serve) = (Arc::clone(shared), Arc::clone(serve));
    let spawned = thread::Builder::new().name("a connection".to_owned()).spawn(move || {
        taken.attend(stream, kind, &serve, None);
    });
    if let Err(error) = spawned {
        shared.refuse(format!("no thread for a connection: {error}"));
    }
}

impl Shared {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, fault: String) {
        self.inner().state.last_fault = Some(fault);
    }

    fn refuse(&self, fault: String) {
        self.inner().state.refused += 1;
        self.fault(fault);
    }

    /// Sleeps, unless everything ends.
    fn sleep(&self, time: Duration) {
        let going_on = |inner: &mut Inner| !inner.is_stopped;
        drop(self.stopping.wait_timeout_while(self.inner(), time, going_on));
    }

    /// Uses a connection until it ends. `false` when it was of no use.
    fn attend(&self, stream: TcpStream, kind: Kind, serve: &Serve, to: Option<&Address>) -> bool {
        let about = match to {
            Some(address) => address.to_string(),
            None => {
                stream.peer_addr().map_or_else(|_| "a peer".to_owned(), |peer| peer.to_string())
            }
        };
        let Ok(number) = self.keep(&stream) else { return false };
        let ended = match handshake_of(&stream, kind) {
            Err(error) => {
                self.refuse(format!("{about}: {error}"));
                false
            }
            Ok(mut wire) => {
                {
                    let state = &mut self.inner().state;
                    state.connected += 1;
                    state.connections += 1;
                }
                let ended = serve(&mut wire);
                self.inner().state.connected -= 1;
                match ended.is_end() {
                    true => self.fault(format!("{about}: the connection ended: {ended}")),
                    false => self.refuse(format!("{about}: {ended}")),
                }
                true
            }
        };
        self.inner().streams.remove(&number);
        ended
    }

    fn keep(&self, stream: &TcpStream) -> io::Result<u64> {
        let kept = stream.try_clone()?;
        let mut inner = self.inner();
        if inner.is_stopped {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        inner.last += 1;
        let number = inner.last;
        inner.streams.insert(number, kept);
        Ok(number)
    }
}

fn handshake_of(stream: &TcpStream, kind: Kind) -> Result<TcpWire, WireError> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    // A machine that was switched off says nothing: its connection ends after half a minute.
    let alive = TcpKeepalive::new().with_time(Duration::from_secs(10));
    let alive = alive.with_interval(Duration::from_secs(5));
    SockRef::from(stream).set_tcp_keepalive(&alive)?;
    stream.set_write_timeout(Some(SENDING))?;
    stream.set_read_timeout(Some(HANDSHAKE))?;
    let mut wire = Wire::over(stream)?;
    wire.shake_hands(kind)?;
    stream.set_read_timeout(None)?;
    Ok(wire)
}
