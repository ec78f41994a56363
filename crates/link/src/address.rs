//! Addresses as ZeroMQ writes them.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// `tcp://host:port`. The host is a name, an address, `[::1]`, or `*` for all interfaces.
///
/// ```
/// use wavekeep_link::Address;
///
/// let address: Address = "tcp://smurf-server:8001".parse()?;
/// assert_eq!((address.host(), address.port()), ("smurf-server", 8001));
/// assert!("smurf-server:8001".parse::<Address>().is_err());
/// # Ok::<(), wavekeep_link::AddressError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    host: String,
    port: u16,
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no address: {why}; expected tcp://host:port, for example tcp://127.0.0.1:8001"
)]
pub struct AddressError {
    text: String,
    why: &'static str,
}

impl Address {
    /// The host, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 0 for any that is free, where a socket is bound.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same host with another port.
    pub fn with_port(&self, port: u16) -> Self {
        Self { host: self.host.clone(), port }
    }

    /// Whether only this machine can reach a socket that is bound to it.
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host == "localhost",
        }
    }

    /// The addresses of the host.
    pub(crate) fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        if self.host == "*" {
            return Ok(vec![SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.port))]);
        }
        let found: Vec<_> = (self.host.as_str(), self.port).to_socket_addrs()?.collect();
        match found.is_empty() {
            true => Err(io::Error::new(io::ErrorKind::NotFound, "the host has no address")),
            false => Ok(found),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let refused = |why| AddressError { text: text.chars().take(100).collect(), why };
        let rest = text.strip_prefix("tcp://").ok_or(refused("it does not begin with tcp://"))?;
        let (host, port) = rest.rsplit_once(':').ok_or(refused("it has no port"))?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare {
            Some(host) => host.parse::<std::net::Ipv6Addr>().is_ok().then_some(host),
            None => host
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "-._*".contains(letter))
                .then_some(host),
        };
        let host = host.filter(|host| !host.is_empty() && (*host == "*" || !host.contains('*')));
        let host = host.ok_or(refused("its host is neither a name nor an address"))?.to_owned();
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| is_number);
        let port = port.ok_or(refused("its port is no number from 0 to 65535"))?;
        Ok(Self { host, port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "tcp://[{}]:{}", self.host, self.port),
            false => write!(f, "tcp://{}:{}", self.host, self.port),
        }
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_printed_as_it_was_written() {
        for text in ["tcp://10.0.1.5:8001", "tcp://[::1]:1", "tcp://*:0", "tcp://a-b.c_d:65535"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        for text in [
            "",
            "tcp://",
            "tcp://host",
            "tcp://:1",
            "tcp://host:",
            "tcp://host:65536",
            "tcp://host:+1",
            "udp://host:1",
            "tcp://::1:1",
            "tcp://a/b:1",
            "tcp://[nothing]:1",
            "tcp://a*:1",
            "tcp://a b:1",
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.ends_with("for example tcp://127.0.0.1:8001"), "{error}");
        }
    }

    #[test]
    fn loopback_is_told_from_what_others_reach() {
        let is_loopback = |text: &str| text.parse::<Address>().unwrap().is_loopback();
        assert!(
            ["tcp://127.0.0.1:1", "tcp://127.9.9.9:1", "tcp://[::1]:1", "tcp://localhost:1"]
                .into_iter()
                .all(is_loopback)
        );
        assert!(
            !["tcp://*:1", "tcp://0.0.0.0:1", "tcp://10.0.0.1:1", "tcp://host:1"]
                .into_iter()
                .any(is_loopback)
        );
    }
}
