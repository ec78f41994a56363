//! Where the server listens: an address, a name, a port, a Unix socket, or a socket of systemd.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address and a port.
    Address(SocketAddr),
    /// A name, such as `localhost`, and a port.
    Name(String),
    /// A port of every address of this machine.
    Port(u16),
    /// A Unix socket.
    Unix(PathBuf),
    /// The socket that systemd opened for this process.
    Systemd,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no place to listen: 127.0.0.1:8080, localhost:8080, :8080, unix:/run/wavekeep/http.sock or systemd"
            )
        };
        if text == "systemd" {
            return Ok(Self::Systemd);
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err(wrong()) } else { Ok(Self::Unix(path.into())) };
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port: u16 = port.parse().map_err(|_| wrong())?;
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
        match host {
            "" | "*" => Ok(Self::Port(port)),
            _ if host.chars().all(is_name) && host.chars().any(|it| it.is_ascii_alphabetic()) => {
                Ok(Self::Name(text.to_owned()))
            }
            _ => Err(wrong()),
        }
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
            Self::Port(port) => write!(f, ":{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Systemd => f.write_str("systemd"),
        }
    }
}

/// Where a server is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An address and a port.
    Address(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

impl Place {
    /// Whether only this machine reaches it.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Address(address) => address.ip().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// What accepts connections.
#[derive(Debug)]
pub enum Listener {
    /// Of TCP.
    Tcp(TcpListener),
    /// Of a Unix socket.
    #[cfg(unix)]
    Unix {
        /// The listener.
        listener: tokio::net::UnixListener,
        /// Its file, if this server made it.
        _socket: Option<Socket>,
    },
}

/// A Unix socket that this server made: it is removed when the server ends.
#[cfg(unix)]
#[derive(Debug)]
pub struct Socket(PathBuf);

#[cfg(unix)]
impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A connection, whatever it runs over.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for T {}

impl Listener {
    /// Takes the place.
    ///
    /// # Errors
    /// What the system says; a Unix socket on which another server answers is in use.
    pub async fn bind(listen: &Listen) -> io::Result<(Self, Place)> {
        let tcp = match listen {
            Listen::Address(address) => TcpListener::bind(address).await?,
            Listen::Name(name) => TcpListener::bind(name).await?,
            Listen::Port(port) => {
                // The unspecified address of IPv6 takes connections of IPv4 too, where there is IPv6.
                match TcpListener::bind((IpAddr::from(Ipv6Addr::UNSPECIFIED), *port)).await {
                    Ok(both) => both,
                    Err(_) => {
                        TcpListener::bind((IpAddr::from(Ipv4Addr::UNSPECIFIED), *port)).await?
                    }
                }
            }
            #[cfg(unix)]
            Listen::Unix(path) => return unix(path),
            #[cfg(unix)]
            Listen::Systemd => return systemd(),
            #[cfg(not(unix))]
            Listen::Unix(_) | Listen::Systemd => {
                return Err(io::Error::other("there are no Unix sockets on this system"));
            }
        };
        let address = tcp.local_addr()?;
        Ok((Self::Tcp(tcp), Place::Address(address)))
    }

    /// The next connection, and the address of who opened it: of a Unix socket, this machine.
    ///
    /// # Errors
    /// What the system says.
    pub async fn accept(&self) -> io::Result<(Box<dyn Stream>, IpAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Answers are written whole: waiting for more only delays them.
                let _ = stream.set_nodelay(true);
                Ok((Box::new(stream), peer.ip()))
            }
            #[cfg(unix)]
            Self::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), Ipv4Addr::LOCALHOST.into()))
            }
        }
    }
}

#[cfg(unix)]
fn unix(path: &std::path::Path) -> io::Result<(Listener, Place)> {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    use std::os::unix::net::UnixStream;
    // One that was left behind by a server that was killed answers nobody.
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        match UnixStream::connect(path) {
            Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
            Err(_) => std::fs::remove_file(path)?,
        }
    }
    let listener = tokio::net::UnixListener::bind(path)?;
    let socket = Socket(path.to_owned());
    // Owner and group: a proxy joins the group.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok((Listener::Unix { listener, _socket: Some(socket) }, Place::Unix(path.to_owned())))
}

/// The socket that systemd passes to this process (`man sd_listen_fds`).
#[cfg(unix)]
fn systemd() -> io::Result<(Listener, Place)> {
    let mut sockets = listenfd::ListenFd::from_env();
    if sockets.len() != 1 {
        return Err(io::Error::other(format!(
            "systemd passed {} sockets to this process, one was expected (a .socket unit with one Listen…)",
            sockets.len()
        )));
    }
    if let Ok(Some(tcp)) = sockets.take_tcp_listener(0) {
        tcp.set_nonblocking(true)?;
        let tcp = TcpListener::from_std(tcp)?;
        let address = tcp.local_addr()?;
        return Ok((Listener::Tcp(tcp), Place::Address(address)));
    }
    let unix = sockets.take_unix_listener(0)?.ok_or(io::ErrorKind::NotConnected)?;
    unix.set_nonblocking(true)?;
    let path = unix.local_addr()?.as_pathname().map(PathBuf::from).unwrap_or_default();
    let listener = tokio::net::UnixListener::from_std(unix)?;
    Ok((Listener::Unix { listener, _socket: None }, Place::Unix(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_to_listen_is_an_address_a_name_a_port_a_socket_or_systemd() {
        let read = |text: &str| text.parse::<Listen>();
        assert_eq!(read("127.0.0.1:80"), Ok(Listen::Address(([127, 0, 0, 1], 80).into())));
        assert_eq!(read("localhost:8080"), Ok(Listen::Name("localhost:8080".into())));
        assert_eq!(
            (read(":8080"), read("*:8080")),
            (Ok(Listen::Port(8080)), Ok(Listen::Port(8080)))
        );
        assert_eq!(read("unix:/run/x.sock"), Ok(Listen::Unix("/run/x.sock".into())));
        assert_eq!(read("systemd"), Ok(Listen::Systemd));
        assert!(matches!(read("[::1]:8080"), Ok(Listen::Address(_))));
        for wrong in
            ["", "8080", "localhost", "unix:", "a b:1", "host:99999", "1.2.3:80", "http://x:80"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        for text in ["127.0.0.1:80", "localhost:8080", ":8080", "unix:/run/x.sock", "systemd"] {
            assert_eq!(read(text).unwrap().to_string(), text);
        }
    }
}
