//! Who may do what.
//!
//! Beyond loopback, and wherever the archive has tokens, every request carries one. On loopback
//! without tokens the person at this machine may do everything; names of other hosts, requests
//! without a host and requests that came through a proxy are refused there, so that neither a page of
//! the web nor anybody behind a proxy is taken for that person.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::extract::{Request, State as Shared};
use axum::http::header::{AUTHORIZATION, FORWARDED, HOST, ORIGIN, VIA, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use wavekeep_archive::{Archive, ArchiveError, Role, Scope, SignedIn, TokenEntry};

use crate::audit::Noting;
use crate::connections::Peer;
use crate::cookie;
use crate::oidc::Grant;
use crate::problem::Problem;
use crate::proxy::{Proxied, ProxyOptions};
use crate::state::{Settings, State};

/// A header for a token where a proxy uses `Authorization` itself.
pub static TOKEN_HEADER: HeaderName = HeaderName::from_static("x-wavekeep-token");

/// What tokens begin with: an `Authorization` with something else is a proxy's.
const TOKEN_PREFIX: &str = "wk_";

/// What a request asks for.
fn needed(method: &Method, path: &str) -> Role {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    if path == "/session" {
        return Role::Read;
    }
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => Role::Read,
        _ if ["/import", "/db/import", "/recordings"].iter().any(|of| path.starts_with(of)) => {
            Role::Import
        }
        // By what is judged is not a matter of those who review.
        _ if path == "/levels" => Role::Admin,
        // What cannot be undone.
        _ if path.starts_with("/events/")
            && ["/forget", "/remove"].iter().any(|what| path.ends_with(what)) =>
        {
            Role::Admin
        }
        _ => Role::Review,
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How requests are let in.
#[derive(Debug)]
pub struct Access {
    /// Whether every request needs a token, whatever the archive has.
    required: bool,
    /// The archive had tokens once: that the last one was revoked opens nothing.
    had_tokens: AtomicBool,
    /// When tokens were used, by their hashes.
    uses: Mutex<BTreeMap<String, Timestamp>>,
    /// Whether cookies travel over TLS alone.
    pub is_tls: bool,
    /// Whose name reviews and imports carry that come without a token.
    pub machine_user: String,
}

impl Access {
    /// How a server of an archive lets requests in.
    pub fn new(required: bool, is_tls: bool, machine_user: String) -> Self {
        Self {
            required,
            had_tokens: AtomicBool::new(false),
            uses: Mutex::default(),
            is_tls,
            machine_user,
        }
    }

    fn used(&self, token: &str) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        match uses.get_mut(token) {
            Some(at) => *at = Timestamp::now(),
            None => drop(uses.insert(token.to_owned(), Timestamp::now())),
        }
    }

    /// When tokens were used since this was called last, by their hashes, to the second.
    pub fn take_uses(&self) -> BTreeMap<String, String> {
        let uses = std::mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner));
        let to_second = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
        uses.into_iter().map(|(token, at)| (token, to_second(at).to_string())).collect()
    }

    /// The tokens as they are now, and whether every request needs one.
    ///
    /// # Errors
    /// When they cannot be read: nobody is let in then.
    pub fn tokens(&self, archive: &Archive) -> Result<(Vec<TokenEntry>, bool), ArchiveError> {
        let tokens = archive.tokens()?;
        if !tokens.is_empty() {
            self.had_tokens.store(true, Ordering::Relaxed);
        }
        let required = self.required || self.had_tokens.load(Ordering::Relaxed);
        Ok((tokens, required))
    }
}

/// By what the server knows who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(rename_all = "snake_case")]
pub enum By {
    /// A token.
    Token,
    /// An identity provider signed the user in.
    Oidc,
    /// A trusted proxy signed the user in.
    Proxy,
    /// The person at this machine.
    Local,
}

impl By {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Oidc => "oidc",
            Self::Proxy => "proxy",
            Self::Local => "local",
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[non_exhaustive]
pub struct Caller {
    /// Name of the token, or of the user who signed in; `null` on loopback without either.
    pub name: Option<String>,
    /// By what the server knows that.
    pub by: By,
    /// What it may do.
    #[schema(value_type = String, example = "review")]
    pub role: Role,
    /// Whether every request needs a token.
    pub tokens_required: bool,
    /// Whether nothing can be changed through this server.
    pub read_only: bool,
    /// The units and projects that the token is for; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub scope: Option<Scope>,
    /// From when on the user has to sign in again, in UTC; absent where nothing ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// The hash of the token, or of the secret of who signed in.
    #[serde(skip)]
    pub secret_hash: Option<String>,
    /// The address of the client, behind trusted proxies. Empty where it is not known.
    #[serde(skip)]
    pub address: String,
}

impl Caller {
    /// Whether the caller may still do what it did when it asked.
    pub fn is_valid(&self, state: &State, tokens: &[TokenEntry], tokens_required: bool) -> bool {
        let (now, sha256) = (Timestamp::now(), self.secret_hash.as_deref().unwrap_or_default());
        match self.by {
            By::Token => {
                tokens.iter().any(|entry| entry.sha256 == sha256 && !entry.is_expired(now))
            }
            By::Oidc => {
                let sign_in = state.settings().oidc;
                let signed_in = state.sign_ins.with_hash(sha256, now);
                let grant = sign_in.zip(signed_in).and_then(|(of, entry)| of.grant(&entry));
                grant.is_some_and(|grant| grant.role == self.role && grant.scope == self.scope)
            }
            // The proxy asks again at the next request.
            By::Proxy => true,
            By::Local => !tokens_required,
        }
    }
}

/// Paths that anybody may see: they say nothing of the archive. The page asks for a token itself.
fn is_open(method: &Method, path: &str) -> bool {
    let reads = *method == Method::GET || *method == Method::HEAD;
    reads
        && !(path.starts_with("/api/")
            || path.starts_with("/db")
            || path.starts_with("/device")
            || path == "/metrics")
}

/// The token that a request carries.
pub fn token_of(headers: &HeaderMap) -> Option<&str> {
    if let Some(token) = headers.get(&TOKEN_HEADER) {
        return token.to_str().ok().map(str::trim);
    }
    let bearer = headers.get(AUTHORIZATION).and_then(|header| {
        let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    if let Some(token) = bearer.filter(|token| token.starts_with(TOKEN_PREFIX)) {
        return Some(token);
    }
    cookie::value(headers, cookie::TOKEN).or(bearer)
}

fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A page of another site must not act through the browser of somebody who may.
fn is_foreign(headers: &HeaderMap, proxy: &ProxyOptions, proxied: Option<&Proxied>) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    let origin = origin.map(|(_, origin)| origin);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    origin != host && !origin.is_some_and(|origin| proxy.is_own_host(origin, proxied))
}

/// Lets in who may, and tells handlers who that is.
pub async fn guard(Shared(state): Shared<State>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>();
    let address = peer.map(|peer| peer.0.to_string()).unwrap_or_default();
    let mut noting = Noting::begin(&state, request.method(), request.uri(), address.clone());
    let response = match admit(&state, &request) {
        Ok(mut caller) => {
            caller.address = address;
            if let Some(noting) = &mut noting {
                noting.is_by(&caller);
            }
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => {
            let mut response = problem.into_response();
            if response.status() == StatusCode::UNAUTHORIZED {
                let bearer = HeaderValue::from_static("Bearer realm=\"wavekeep\"");
                response.headers_mut().insert(WWW_AUTHENTICATE, bearer);
            }
            response
        }
    };
    if let Some(noting) = noting {
        noting.answered(&response);
    }
    response
}

/// Headers that proxies add.
static OF_PROXIES: [HeaderName; 6] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// Why a request without a token is not from the person at this machine.
fn not_local(headers: &HeaderMap) -> Option<(&'static str, String)> {
    let advice = "add a token to the archive (`wavekeep token add`) or start the server with --require-tokens";
    let host = headers.get(HOST).map(|host| host.to_str().unwrap_or_default());
    match host {
        None | Some("") => {
            let detail = format!(
                "without tokens the server answers for localhost alone, and the request names no host; behind a proxy, {advice}"
            );
            return Some(("host", detail));
        }
        Some(host) if !is_loopback_name(host) => {
            let detail = format!(
                "without tokens the server answers for localhost alone, not for {host:?}; behind a proxy, {advice}"
            );
            return Some(("host", detail));
        }
        Some(_) => {}
    }
    let added = OF_PROXIES.iter().find(|name| headers.contains_key(*name))?;
    let detail = format!(
        "the request came through a proxy ({added}), and without tokens every user behind it could do everything: {advice}"
    );
    Some(("proxy", detail))
}

/// The user whom a trusted proxy has signed in, with the role that the server gives to this name.
fn user_of(proxy: &ProxyOptions, proxied: Option<&Proxied>) -> Option<(String, Option<Role>)> {
    let header = proxy.user_header.as_ref()?;
    let user = proxied?.user.clone()?;
    let role = header.roles.get(&user).copied().or(header.others);
    Some((user, role))
}

/// Whom an identity provider has signed in, with what the server grants this user now.
fn signed_in(
    state: &State,
    settings: &Settings,
    headers: &HeaderMap,
) -> Option<(SignedIn, Option<Grant>)> {
    let sign_in = settings.oidc.as_ref()?;
    let secret = cookie::value(headers, cookie::SIGNED_IN)?;
    let entry = state.sign_ins.find(secret, Timestamp::now())?;
    let grant = sign_in.grant(&entry);
    Some((entry, grant))
}

/// What a token for a part of the archive may ask for: an event of it, and the lists whose handlers leave the
/// other events out. All that is not known here is refused.
fn within(state: &State, scope: &Scope, method: &Method, path: &str) -> Result<(), Problem> {
    let Some(below) = path.strip_prefix("/api/v1/") else {
        // The page and the state of the server say nothing of the archive.
        return match is_open(method, path) {
            true => Ok(()),
            false => Err(outside()),
        };
    };
    let mut parts = below.split('/');
    match (parts.next().unwrap_or_default(), parts.next()) {
        ("events" | "streams", Some(id)) => {
            let gone = || Problem::not_found(format!("there is no event {id} in the archive"));
            // Another spelling of a number, which a handler would decode, is none.
            let id = id.parse().map_err(|_| gone())?;
            let event = state.archive.event(id).map_err(|_| gone())?;
            if scope.has(&event) { Ok(()) } else { Err(gone()) }
        }
        // Its handlers leave out the files of other units.
        ("monitor_log_files", _) => Ok(()),
        (list, None) if OF_SCOPE.contains(&list) => Ok(()),
        // Their handlers leave out what is of others.
        ("units", Some(_)) | ("plans", Some("pictures" | "places" | "undo")) => Ok(()),
        _ if below == "review/undo" => Ok(()),
        _ => Err(outside()),
    }
}

/// Lists that leave out what is not in the scope of who asks, and what is the same for everybody.
const OF_SCOPE: [&str; 17] = [
    "events",
    "streams",
    "samples",
    "export",
    "report",
    "scaled_distance",
    "review",
    "units",
    "projects",
    "locations",
    "months",
    "trend",
    "plans",
    "live",
    "session",
    "curves",
    "levels",
];

fn outside() -> Problem {
    let detail = "the token is for some units or projects, and this is of the whole archive";
    Problem::new(StatusCode::FORBIDDEN, "scope", detail)
}

fn expiry(token: TokenEntry) -> Problem {
    let detail = format!(
        "the token of {:?} expired at {}: `wavekeep token revoke` and `wavekeep token add` make a new one",
        token.name,
        token.expires_at.unwrap_or_default()
    );
    Problem::new(StatusCode::UNAUTHORIZED, "token_expired", detail)
}

fn admit(state: &State, request: &Request) -> Result<Caller, Problem> {
    let (method, path, headers) = (request.method(), request.uri().path(), request.headers());
    let proxied = request.extensions().get::<Proxied>();
    let settings = state.settings();
    let proxy = &settings.proxy;
    let forbidden = |kind, detail: String| Problem::new(StatusCode::FORBIDDEN, kind, detail);
    if is_foreign(headers, proxy, proxied) && !matches!(*method, Method::GET | Method::HEAD) {
        let detail = "the request comes from a page of another site; only pages of this server may change something";
        return Err(forbidden("origin", detail.to_owned()));
    }
    let read_only = state.archive.is_read_only();
    let anybody = |tokens_required| Caller {
        name: None,
        by: By::Local,
        role: Role::Read,
        tokens_required,
        read_only,
        scope: None,
        ends_at: None,
        secret_hash: None,
        address: String::new(),
    };
    let (tokens, tokens_required) = match state.access.tokens(&state.archive) {
        // Who signs users in lets nobody else in without a token.
        Ok((tokens, required)) => {
            (tokens, required || proxy.user_header.is_some() || settings.oidc.is_some())
        }
        // The page and the state of the server say nothing of the archive.
        Err(_) if is_open(method, path) => return Ok(anybody(true)),
        Err(error) => return Err(Problem::internal(&error)),
    };
    // Whoever watches over servers asks how this one is, from wherever that may be.
    let is_health = path == "/health" || path.starts_with("/health/");
    if !tokens_required
        && !is_health
        && let Some((kind, detail)) = not_local(headers)
    {
        return Err(forbidden(kind, detail));
    }
    let needed = needed(method, path);
    // All of them are compared: the time tells nothing of which one it is.
    let carried = token_of(headers).map(|token| {
        tokens
            .into_iter()
            .fold(None, |found, entry| if entry.is_of(token) { Some(entry) } else { found })
    });
    let (expired, valid) = match carried.clone().flatten() {
        Some(entry) if entry.is_expired(Timestamp::now()) => (Some(entry), None),
        entry => (None, entry),
    };
    let caller = match (valid, signed_in(state, &settings, headers), user_of(proxy, proxied)) {
        (Some(entry), ..) => {
            state.access.used(&entry.sha256);
            Some(Caller {
                name: Some(entry.name),
                by: By::Token,
                role: entry.role,
                scope: entry.scope,
                secret_hash: Some(entry.sha256),
                ..anybody(tokens_required)
            })
        }
        // Also with the cookie of a token that is gone: the user has signed in.
        (None, Some((entry, Some(grant))), _) => Some(Caller {
            name: Some(entry.user),
            by: By::Oidc,
            role: grant.role,
            scope: grant.scope,
            ends_at: Timestamp::from_second(entry.ends_at_s).ok().map(|at| at.to_string()),
            secret_hash: Some(entry.sha256),
            ..anybody(true)
        }),
        (None, _, Some((user, Some(role)))) => {
            Some(Caller { name: Some(user), by: By::Proxy, role, ..anybody(true) })
        }
        _ if is_open(method, path) && (carried.is_some() || tokens_required) => None,
        (None, Some((SignedIn { user, .. }, None)), _) | (None, None, Some((user, None))) => {
            let detail = format!("the user {user:?} has no role in this archive");
            return Err(forbidden("user", detail));
        }
        (None, None, None) if let Some(entry) = expired => return Err(expiry(entry)),
        (None, None, None) if carried.is_none() && !tokens_required => {
            Some(Caller { role: Role::Admin, ..anybody(false) })
        }
        (None, None, None) => None,
    };
    match caller {
        Some(caller) if caller.role.allows(needed) => {
            if read_only && needed != Role::Read {
                let detail = "the server was started with --read-only: nothing can be changed";
                return Err(forbidden("read_only", detail.to_owned()));
            }
            if let Some(scope) = &caller.scope {
                within(state, scope, method, path)?;
            }
            Ok(caller)
        }
        Some(caller) => {
            let detail = format!(
                "this needs the role {needed}, {:?} has the role {}",
                caller.name.unwrap_or_default(),
                caller.role
            );
            Err(forbidden("role", detail))
        }
        None if is_open(method, path) => Ok(anybody(tokens_required)),
        None => {
            let detail = "a valid token is needed: send it as `Authorization: Bearer wk_…`; \
                `wavekeep token add` makes one";
            Err(Problem::new(StatusCode::UNAUTHORIZED, "token", detail))
        }
    }
}
