//! Reverse proxies: who asked them, how, for which host, and below which path they make the server known.
//!
//! What a proxy says of a request is believed where its address is among the trusted ones; what others say
//! is not looked at, so that nobody chooses an address, a name or a scheme.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::{Request, State as Shared};
use axum::http::header::{CONTENT_LOCATION, FORWARDED, HOST, LOCATION};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, Uri};
use axum::middleware::Next;
use derive_setters::Setters;
use ipnet::IpNet;
use wavekeep_archive::Role;

use crate::connections::Peer;
use crate::state::State;

/// A network: an address, or its first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.parse::<IpAddr>().map(IpNet::from).ok();
        address.or_else(|| text.parse().ok()).map(Self).ok_or_else(|| {
            format!("{text:?} is no address or network, such as 127.0.0.1 or 10.0.0.0/8")
        })
    }
}

/// Where users find the server: `https://office.example/wavekeep/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    is_https: bool,
    host: String,
    /// The path without a slash at its end: empty at the root.
    path: String,
}

impl PublicUrl {
    /// The path below which the server is known, without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl std::fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no URL such as https://office.example/wavekeep/");
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        if uri.query().is_some() || text.contains('#') {
            return Err(wrong());
        }
        let host = uri.authority().ok_or_else(wrong)?;
        if host.as_str().contains('@') {
            return Err(wrong());
        }
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { text: text.to_owned(), is_https, host: host.to_string(), path })
    }
}

/// Users whom a proxy has signed in, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserHeader {
    /// The header with the name of the user.
    pub name: HeaderName,
    /// The roles of users; of those that are not here, `others`.
    pub roles: BTreeMap<String, Role>,
    /// The role of every other user; `None` refuses them.
    pub others: Option<Role>,
}

/// What stands in front of the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct ProxyOptions {
    /// Where users find the server; `None` is where it listens.
    pub public_url: Option<PublicUrl>,
    /// Proxies whose headers are believed.
    pub trusted: Vec<Network>,
    /// Users whom they have signed in.
    pub user_header: Option<UserHeader>,
}

/// What a trusted proxy says of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxied {
    /// Whether the user's browser speaks TLS.
    pub is_https: bool,
    /// The host that the browser asked for.
    pub host: Option<String>,
    /// The user whom the proxy has signed in.
    pub user: Option<String>,
}

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The values of a header that lists them, from all of its lines.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).collect()
}

/// The address in an entry: `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`, `"[2001:db8::1]"`.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim_matches('"');
    let bare = entry.strip_prefix('[').and_then(|rest| Some(rest.split_once(']')?.0));
    let bare = bare.unwrap_or(entry);
    let with_port = || bare.rsplit_once(':').and_then(|(address, _)| address.parse().ok());
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

/// A parameter of each element of `Forwarded` (RFC 7239).
fn forwarded<'a>(headers: &'a HeaderMap, parameter: &str) -> Vec<&'a str> {
    let elements = list(headers, &FORWARDED).into_iter();
    elements
        .filter_map(|element| {
            element.split(';').find_map(|pair| {
                let (name, value) = pair.trim().split_once('=')?;
                name.trim().eq_ignore_ascii_case(parameter).then(|| value.trim().trim_matches('"'))
            })
        })
        .collect()
}

impl ProxyOptions {
    /// Whether what this address says of its clients is believed.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }

    /// Who asked, behind all trusted proxies, and what the nearest one says of the request.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> (IpAddr, Proxied) {
        let mut proxied = Proxied::default();
        if !self.trusts(peer) {
            return (peer, proxied);
        }
        let mut chain = list(headers, &FORWARDED_FOR);
        if chain.is_empty() {
            chain = forwarded(headers, "for");
        }
        // Each proxy appends whom it was asked by: from the end on, the first that is no proxy.
        let mut client = peer;
        for entry in chain.into_iter().rev() {
            let Some(named) = address(entry) else { break };
            client = named;
            if !self.trusts(named) {
                break;
            }
        }
        let last = |name, parameter| {
            let of_header = list(headers, name).last().copied();
            of_header.or_else(|| forwarded(headers, parameter).last().copied())
        };
        proxied.is_https = last(&FORWARDED_PROTO, "proto")
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
        proxied.host = last(&FORWARDED_HOST, "host").map(str::to_owned);
        let user = self.user_header.as_ref().and_then(|header| headers.get(&header.name));
        let user = user.and_then(|user| user.to_str().ok()).filter(|user| !user.is_empty());
        proxied.user = user.map(str::to_owned);
        (client, proxied)
    }

    /// Whether cookies travel over TLS alone.
    pub(crate) fn is_https(&self, proxied: &Proxied) -> bool {
        proxied.is_https || self.public_url.as_ref().is_some_and(|url| url.is_https)
    }

    /// The path of cookies.
    pub(crate) fn cookie_path(&self) -> &str {
        self.public_url.as_ref().map(PublicUrl::path).filter(|path| !path.is_empty()).unwrap_or("/")
    }

    /// The hosts for which this server is known, beside that of a request.
    pub(crate) fn is_own_host(&self, host: &str, proxied: Option<&Proxied>) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.host.eq_ignore_ascii_case(host))
            || proxied.and_then(|proxied| proxied.host.as_deref()) == Some(host)
    }
}

/// Gives a request the address of its client, and takes off the path below which the server is known.
pub async fn behind_proxies(
    Shared(state): Shared<State>,
    mut request: Request,
    next: Next,
) -> Response<axum::body::Body> {
    let options = state.settings().proxy;
    // HTTP/2 has the host in the URI.
    if let (None, Some(host)) = (request.headers().get(HOST), request.uri().authority())
        && let Ok(host) = HeaderValue::from_str(host.as_str())
    {
        request.headers_mut().insert(HOST, host);
    }
    if let Some(Peer(peer)) = request.extensions().get::<Peer>().copied() {
        let (client, proxied) = options.client(peer, request.headers());
        request.extensions_mut().insert(Peer(client));
        request.extensions_mut().insert(proxied);
    }
    let base = options.public_url.as_ref().map_or("", PublicUrl::path);
    if !base.is_empty()
        && let Some(stripped) = without(request.uri(), base)
    {
        *request.uri_mut() = stripped;
    }
    let mut response = next.run(request).await;
    if !base.is_empty() {
        for name in [LOCATION, CONTENT_LOCATION] {
            let place = response.headers().get(&name).and_then(|place| place.to_str().ok());
            let public = place.filter(|place| place.starts_with('/') && !place.starts_with("//"));
            if let Some(public) = public.and_then(|place| format!("{base}{place}").parse().ok()) {
                response.headers_mut().insert(name, public);
            }
        }
    }
    response
}

/// A URI without the path below which the server is known; `None` where it is not below it.
fn without(uri: &Uri, base: &str) -> Option<Uri> {
    let rest = uri.path().strip_prefix(base).filter(|rest| rest.starts_with('/'))?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_str(&format!("{rest}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn behind(networks: &[&str]) -> ProxyOptions {
        let trusted = networks.iter().map(|network| network.parse().unwrap()).collect();
        ProxyOptions::default().with_trusted(trusted)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_contains_the_addresses_that_begin_alike() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("192.0.2.128/25", "192.0.2.129", "192.0.2.127"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "::2"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("10.0.0.0/8", "::ffff:10.1.1.1", "::ffff:11.1.1.1"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(ip(inside)) && !network.contains(ip(outside)), "{network:?}");
        }
        for wrong in
            ["", "10.0.0.0/33", "::/129", "10.0.0/8", "localhost", "10.0.0.0/", "10.0.0.0/-1"]
        {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_client_is_the_last_one_that_is_no_proxy() {
        let options = behind(&["127.0.0.1", "10.0.0.0/8"]);
        let client =
            |peer, pairs: &[(&'static str, &str)]| options.client(ip(peer), &headers(pairs)).0;
        let chain = [("x-forwarded-for", "1.1.1.1, 203.0.113.7, 10.0.0.3")];
        assert_eq!(client("127.0.0.1", &chain), ip("203.0.113.7"));
        assert_eq!(
            client("203.0.113.1", &chain),
            ip("203.0.113.1"),
            "not a proxy: it may say anything"
        );
        let lines = [("x-forwarded-for", "203.0.113.7"), ("x-forwarded-for", "10.0.0.3")];
        assert_eq!(client("127.0.0.1", &lines), ip("203.0.113.7"));
        let of_rfc = [("forwarded", "for=1.1.1.1, For=\"[2001:db8::7]:4711\";proto=https;host=a")];
        assert_eq!(client("127.0.0.1", &of_rfc), ip("2001:db8::7"));
        assert_eq!(
            client("127.0.0.1", &[("x-forwarded-for", "203.0.113.7:99")]),
            ip("203.0.113.7")
        );
        for nonsense in ["", "unknown", "_hidden", "999.1.1.1", ", ,", "203.0.113.7, nobody"] {
            assert_eq!(
                client("127.0.0.1", &[("x-forwarded-for", nonsense)]),
                ip("127.0.0.1"),
                "{nonsense:?}"
            );
        }
    }

    #[test]
    fn only_a_trusted_proxy_names_scheme_host_and_user() {
        let header = UserHeader {
            name: HeaderName::from_static("x-remote-user"),
            roles: BTreeMap::new(),
            others: None,
        };
        let options = behind(&["127.0.0.1"]).with_user_header(Some(header));
        let said = headers(&[
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "office.example"),
            ("x-remote-user", "kim"),
        ]);
        let (_, proxied) = options.client(ip("127.0.0.1"), &said);
        assert!(proxied.is_https);
        assert_eq!(
            (proxied.host.as_deref(), proxied.user.as_deref()),
            (Some("office.example"), Some("kim"))
        );
        assert_eq!(options.client(ip("192.0.2.1"), &said).1, Proxied::default());
    }

    #[test]
    fn a_public_url_has_a_scheme_a_host_and_a_path() {
        let url: PublicUrl = "https://office.example:8443/wavekeep/".parse().unwrap();
        assert_eq!(
            (url.path(), url.host.as_str(), url.is_https),
            ("/wavekeep", "office.example:8443", true)
        );
        assert_eq!("http://office.example".parse::<PublicUrl>().unwrap().path(), "");
        for wrong in [
            "",
            "office.example",
            "ftp://x/",
            "https://",
            "/wavekeep",
            "https://x/?a",
            "https://x/#a",
            "https://u@x/",
        ] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_path_below_which_the_server_is_known_is_taken_off() {
        let stripped =
            |uri: &str| without(&uri.parse().unwrap(), "/wavekeep").map(|uri| uri.to_string());
        assert_eq!(
            stripped("/wavekeep/api/v1/events?limit=1").as_deref(),
            Some("/api/v1/events?limit=1")
        );
        assert_eq!(stripped("/wavekeep/").as_deref(), Some("/"));
        assert_eq!(stripped("https://x/wavekeep/?a=b").as_deref(), Some("https://x/?a=b"));
        assert_eq!(stripped("/wavekeeper/"), None);
        assert_eq!(stripped("/api/v1"), None);
    }
}
