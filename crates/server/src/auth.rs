//! Who may do what.
//!
//! Beyond loopback every request carries a token. On loopback without tokens the person at this
//! machine may do everything; names of other hosts are refused there, so that no page of the web
//! can reach the server through the reader's own browser.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use axum::extract::{Request, State as Shared};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::state::State;

/// The cookie that a page's own requests carry.
pub const COOKIE_NAME: &str = "wavekeep_token";
/// What tokens begin with, so that people and scanners know one when they see it.
const PREFIX: &str = "wk_";

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look at everything.
    Read,
    /// Read, and say what is a false trigger.
    Review,
    /// Read, bring events in, and record.
    Import,
    /// Everything.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Review, Self::Import, Self::Admin];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Review => "review",
            Self::Import => "import",
            Self::Admin => "admin",
        }
    }

    /// Whether who has this role may do what asks for `needed`.
    pub fn allows(self, needed: Self) -> bool {
        self == Self::Admin || self == needed || needed == Self::Read
    }

    /// What a request asks for.
    fn needed(method: &Method, path: &str) -> Self {
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        if path == "/session" {
            return Self::Read;
        }
        match *method {
            Method::GET | Method::HEAD | Method::OPTIONS => Self::Read,
            _ if ["/import", "/db/import", "/recordings"].iter().any(|of| path.starts_with(of)) => {
                Self::Import
            }
            _ => Self::Review,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Role {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.word() == word);
        found.ok_or("one of read, review, import, admin was expected")
    }
}

/// A token as it is kept: its hash, never itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenEntry {
    /// Whose it is; reviews are signed with it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// SHA-256 of the token in hexadecimal. The token has 256 random bits: nothing slower is needed.
    pub sha256: String,
    /// When it was made, in UTC.
    pub created_at: String,
}

/// Why tokens cannot be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The file cannot be read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// The file is not what this program writes.
    #[error("{}: not a list of tokens ({reason}): mend the file, or delete it and add the tokens again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is one already.
    #[error("there is a token called {name:?} already: revoke it first, or take another name")]
    Exists {
        /// The name.
        name: String,
    },
    /// There is none.
    #[error("there is no token called {name:?}")]
    NoSuchToken {
        /// The name.
        name: String,
    },
    /// A name that cannot be shown in one line.
    #[error("{name:?} is no name for a token: 1 to 80 characters of one line were expected")]
    Name {
        /// The name.
        name: String,
    },
    /// The system has no random numbers.
    #[error("the system gave no random numbers: {0}")]
    Random(String),
}

/// The tokens of an archive, in a file of its own folder.
#[derive(Debug)]
pub struct Tokens {
    path: PathBuf,
    read: Mutex<(Option<SystemTime>, Vec<TokenEntry>)>,
}

impl Tokens {
    /// The tokens of the archive whose own folder this is.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn open(own_folder: &Path) -> Result<Self, TokenError> {
        let path = own_folder.join("tokens.json");
        let tokens = Self { path, read: Mutex::default() };
        tokens.list()?;
        Ok(tokens)
    }

    /// All of them. The file is read again when it changed: a token that was revoked on the command
    /// line is refused by a server that runs.
    ///
    /// # Errors
    /// [`TokenError`]. Nobody is let in then.
    pub fn list(&self) -> Result<Vec<TokenEntry>, TokenError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = match fs::metadata(&self.path) {
            Ok(metadata) => metadata.modified().ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                *read = (None, Vec::new());
                return Ok(Vec::new());
            }
            Err(source) => return Err(self.io("look at the file", source)),
        };
        if changed.is_none() || read.0 != changed {
            let text = fs::read(&self.path).map_err(|source| self.io("read the file", source))?;
            let entries = serde_json::from_slice(&text).map_err(|error| TokenError::Damaged {
                path: self.path.clone(),
                reason: error.to_string(),
            })?;
            *read = (changed, entries);
        }
        Ok(read.1.clone())
    }

    /// Makes a token. It is shown once: only its hash is kept.
    ///
    /// # Errors
    /// [`TokenError`]; nothing was changed then.
    pub fn add(&self, name: &str, role: Role) -> Result<String, TokenError> {
        if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
            return Err(TokenError::Name { name: name.to_owned() });
        }
        let mut entries = self.list()?;
        if entries.iter().any(|entry| entry.name == name) {
            return Err(TokenError::Exists { name: name.to_owned() });
        }
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| TokenError::Random(error.to_string()))?;
        let token = format!("{PREFIX}{}", hex(&secret));
        let created_at = jiff::Timestamp::now();
        let created_at = jiff::Timestamp::from_second(created_at.as_second()).unwrap_or(created_at);
        entries.push(TokenEntry {
            name: name.to_owned(),
            role,
            sha256: hex(&Sha256::digest(token.as_bytes())),
            created_at: created_at.to_string(),
        });
        self.write(&entries)?;
        Ok(token)
    }

    /// Takes a token away.
    ///
    /// # Errors
    /// [`TokenError::NoSuchToken`]; what the system says.
    pub fn revoke(&self, name: &str) -> Result<(), TokenError> {
        let mut entries = self.list()?;
        let before = entries.len();
        entries.retain(|entry| entry.name != name);
        match entries.len() == before {
            true => Err(TokenError::NoSuchToken { name: name.to_owned() }),
            false => self.write(&entries),
        }
    }

    /// Whose token this is.
    fn find(&self, token: &str) -> Result<Option<TokenEntry>, TokenError> {
        let asked = hex(&Sha256::digest(token.as_bytes()));
        // All of them are compared, each in the same time: the time tells nothing.
        let same = |entry: &TokenEntry| {
            let pairs = entry.sha256.bytes().zip(asked.bytes());
            let differ = pairs.fold(0, |differ, (a, b)| differ | (a ^ b));
            std::hint::black_box(differ) == 0 && entry.sha256.len() == asked.len()
        };
        let found =
            |found: Option<TokenEntry>, entry| if same(&entry) { Some(entry) } else { found };
        Ok(self.list()?.into_iter().fold(None, found))
    }

    fn write(&self, entries: &[TokenEntry]) -> Result<(), TokenError> {
        let io = |action| move |source| self.io(action, source);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut text = serde_json::to_vec_pretty(entries).unwrap_or_default();
        text.push(b'\n');
        // A temporary file is its owner's alone, and stays so under the new name.
        let mut file = tempfile::Builder::new()
            .prefix(".wavekeep-")
            .tempfile_in(folder)
            .map_err(io("write the file"))?;
        io::Write::write_all(&mut file, &text).map_err(io("write the file"))?;
        file.as_file().sync_all().map_err(io("sync the file"))?;
        file.persist(&self.path).map_err(|error| self.io("write the file", error.error))?;
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = (None, Vec::new());
        Ok(())
    }

    fn io(&self, action: &'static str, source: io::Error) -> TokenError {
        TokenError::Io { path: self.path.clone(), action, source }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How requests are let in.
#[derive(Debug)]
pub struct Access {
    /// The tokens.
    pub tokens: Tokens,
    /// Whether every request needs one.
    pub tokens_required: bool,
    /// Whether cookies travel over TLS alone.
    pub is_tls: bool,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Caller {
    /// Name of the token; `null` on loopback without one.
    pub name: Option<String>,
    /// What it may do.
    pub role: Role,
    /// Whether every request needs a token.
    pub tokens_required: bool,
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
fn token_of(headers: &HeaderMap) -> Option<&str> {
    if let Some(header) = headers.get(AUTHORIZATION) {
        let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| token.trim());
    }
    let cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE_NAME).then_some(value))
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
fn is_foreign(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    origin.map(|(_, origin)| origin) != host
}

/// Lets in who may, and tells handlers who that is.
pub async fn guard(Shared(state): Shared<State>, mut request: Request, next: Next) -> Response {
    match admit(&state, request.method(), request.uri().path(), request.headers()) {
        Ok(caller) => {
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
    }
}

fn admit(
    state: &State,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Caller, Problem> {
    let access = &state.access;
    let tokens_required = access.tokens_required;
    let forbidden = |kind, detail: String| Problem::new(StatusCode::FORBIDDEN, kind, detail);
    if is_foreign(headers) && !matches!(*method, Method::GET | Method::HEAD) {
        let detail = "the request comes from a page of another site; only pages of this server may change something";
        return Err(forbidden("origin", detail.to_owned()));
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !tokens_required && !host.is_empty() && !is_loopback_name(host) {
        let detail = format!(
            "the server listens on loopback without tokens and answers for localhost alone, not for {host:?}; \
             behind a proxy, start it with --require-tokens"
        );
        return Err(forbidden("host", detail));
    }
    let needed = Role::needed(method, path);
    let caller = match token_of(headers) {
        Some(token) => {
            let found = access.tokens.find(token).map_err(|error| Problem::internal(&error))?;
            found.map(|entry| Caller { name: Some(entry.name), role: entry.role, tokens_required })
        }
        None if !tokens_required => Some(Caller { name: None, role: Role::Admin, tokens_required }),
        None => None,
    };
    match caller {
        Some(caller) if caller.role.allows(needed) => Ok(caller),
        Some(caller) => {
            let detail = format!(
                "this needs the role {needed}, the token {:?} has the role {}",
                caller.name.unwrap_or_default(),
                caller.role
            );
            Err(forbidden("role", detail))
        }
        None if is_open(method, path) => {
            Ok(Caller { name: None, role: Role::Read, tokens_required })
        }
        None => {
            let detail = "a valid token is needed: send it as `Authorization: Bearer wk_…`; \
                `wavekeep token add` makes one";
            Err(Problem::new(StatusCode::UNAUTHORIZED, "token", detail))
        }
    }
}
