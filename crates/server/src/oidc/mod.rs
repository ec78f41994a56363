//! Sign-in with an identity provider: OpenID Connect, by the authorization code flow with PKCE.
//!
//! A browser is sent to the provider with a `state`, a `nonce` and a challenge; it comes back with a code,
//! which the server redeems for an ID token. The token's claims state who somebody is, the options what they
//! may do. From then on the browser has a secret in a cookie, of which the server keeps the hash.

mod crypto;
mod id_token;
mod options;
mod pending;
mod provider;
mod sign_ins;

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use wavekeep_archive::SignedIn;

use self::id_token::{Expected, verified};
pub use self::options::{ClientSecret, Grant, Issuer, OidcOptions, RoleOf, Who};
use self::pending::{Begun, Pending};
use self::provider::Provider;
pub use self::sign_ins::{Outcome, SignIns};
use crate::auth::hex;

/// Below the server's own path: where the provider sends a browser.
pub const CALLBACK: &str = "/sign-in/callback";
/// How long a browser keeps the cookie of a sign-in that was begun, in seconds.
pub const SECONDS_TO_SIGN_IN: u32 = pending::TIME_TO_SIGN_IN.as_secs() as u32;
/// Longest name of a user, in characters.
const LONGEST_NAME: usize = 80;

/// Why somebody is not signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The provider does not answer.
    #[error("the provider cannot be asked: {0}")]
    Unreachable(String),
    /// The provider answers with something that is not believed.
    #[error("the provider's answer is not accepted: {0}")]
    Distrusted(String),
    /// The provider refuses.
    #[error("the provider refuses: {0}")]
    Refused(String),
    /// The sign-in was not begun here, or too long ago, or is done.
    #[error("the sign-in was not begun by this browser, took too long, or was used before")]
    Over,
    /// Nothing gives the user a role.
    #[error("{0:?} has no role in this archive")]
    NoRole(String),
    /// The claims name nobody.
    #[error("the user has no name: {0}")]
    NoName(String),
    /// The system has no random numbers.
    #[error("the system gave no random numbers")]
    Random,
}

impl SignInError {
    /// An error code of the provider, and its words for the log.
    fn of_provider(error: &str, description: Option<&str>) -> Self {
        let short = |text: &str| text.chars().take(200).collect::<String>();
        let (error, description) = (short(error), short(description.unwrap_or_default()));
        tracing::warn!("sign-in: the provider refuses: {error:?} {description:?}");
        Self::Refused(error)
    }
}

/// What the provider sends with a browser.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ProviderAnswer {
    /// What identifies the sign-in.
    pub state: Option<String>,
    /// What an ID token is given for.
    pub code: Option<String>,
    /// The provider itself.
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The same, for the log.
    pub error_description: Option<String>,
}

/// A sign-in that a browser is sent to the provider for.
#[derive(Debug)]
pub struct ToProvider {
    /// The address at the provider.
    pub url: String,
    /// What the browser has to show when it comes back.
    pub browser: String,
}

/// Somebody who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub user: String,
    /// Those groups that a role depends on.
    pub groups: Vec<String>,
}

/// Sign-in as it is configured.
#[derive(Debug)]
pub struct SignIn {
    /// How.
    pub options: OidcOptions,
    provider: Provider,
    pending: Mutex<Pending>,
}

/// A secret: 256 random bits.
///
/// # Errors
/// When the system has none.
pub fn secret() -> Result<String, SignInError> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SignInError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The hash of a secret. Secrets are looked up by it: the time that this takes says nothing of them.
pub fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

impl SignIn {
    /// Nobody is signed in yet, and the provider was not asked.
    pub fn new(options: OidcOptions) -> Self {
        crypto::install();
        let provider = Provider::new(options.answer_time);
        Self { options, provider, pending: Mutex::default() }
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the provider answered as it should the last time it was asked; `None` before the first time.
    pub fn is_well(&self) -> Option<bool> {
        self.provider.is_well()
    }

    /// Asks for the provider's description.
    ///
    /// # Errors
    /// [`SignInError`]; it is in the log.
    pub async fn look(&self) -> Result<(), SignInError> {
        self.provider.describe(&self.options).await.map(drop)
    }

    /// Begins a sign-in. `browser` is what the browser has of an earlier one; with `again` the provider asks
    /// for name and password, though it knows the user.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn begin(
        &self,
        redirect_uri: String,
        return_to: &str,
        address: Option<IpAddr>,
        browser: Option<&str>,
        again: bool,
    ) -> Result<ToProvider, SignInError> {
        let described = self.provider.describe(&self.options).await?;
        let (state, nonce, verifier) = (secret()?, secret()?, secret()?);
        let known = browser.filter(|browser| self.pending().knows(browser));
        let browser = known.map_or_else(secret, |browser| Ok(browser.to_owned()))?;
        let scopes = self.options.scopes.iter().map(String::as_str);
        let scopes = std::iter::once("openid").chain(scopes.filter(|scope| *scope != "openid"));
        let mut url = described.authorization;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.options.client_id)
            .append_pair("redirect_uri", &redirect_uri)
            .append_pair("scope", &scopes.collect::<Vec<_>>().join(" "))
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier)))
            .append_pair("code_challenge_method", "S256");
        if again {
            url.query_pairs_mut().append_pair("prompt", "login");
        }
        self.pending().add(Begun {
            state: hash(&state),
            browser: hash(&browser),
            nonce,
            verifier,
            redirect_uri,
            return_to: local_path(return_to).to_owned(),
            address,
            at: Instant::now(),
        });
        Ok(ToProvider { url: url.into(), browser })
    }

    /// Ends a sign-in: who it is, and where the browser goes.
    ///
    /// # Errors
    /// [`SignInError`]: nobody is signed in then.
    pub async fn finish(
        &self,
        answer: &ProviderAnswer,
        browser: Option<&str>,
    ) -> Result<(Person, String), SignInError> {
        let (Some(state), Some(browser)) = (&answer.state, browser) else {
            return Err(SignInError::Over);
        };
        let begun = self.pending().take(state, browser, Instant::now()).ok_or(SignInError::Over)?;
        let (options, provider) = (&self.options, &self.provider);
        let described = provider.describe(options).await?;
        let issuer = options.issuer.as_str();
        match answer.iss.as_deref() {
            Some(iss) if iss != issuer => {
                return Err(distrusted(format!(
                    "a browser comes from {iss:?}, not from {issuer:?}"
                )));
            }
            None if described.names_itself => {
                let what = "a browser comes without iss, with which the provider names itself";
                return Err(distrusted(what.to_owned()));
            }
            _ => {}
        }
        if let Some(error) = &answer.error {
            return Err(SignInError::of_provider(error, answer.error_description.as_deref()));
        }
        let code = answer.code.as_deref().ok_or(SignInError::Over)?;
        let (id_token, access_token) = provider.redeem(options, &described, code, &begun).await?;
        let keys = provider.keys(&described).await?;
        let expected = Expected { issuer, client_id: &options.client_id, nonce: &begun.nonce };
        let mut claims = verified(&id_token, &keys, expected).map_err(distrusted)?;
        let is_missing = |name: &str| claim(&claims, name).is_none();
        let misses_groups = options.needs_groups() && is_missing(&options.groups_claim);
        if is_missing(&options.user_claim) || misses_groups {
            let more = provider.user_info(&described, access_token.as_deref()).await?;
            if !more.is_empty() && more.get("sub") != claims.get("sub") {
                return Err(distrusted(
                    "the claims of the user are of another one: sub".to_owned(),
                ));
            }
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        let person = self.person(&claims)?;
        match options.grant(&person.user, &person.groups) {
            Some(_) => Ok((person, begun.return_to)),
            None => {
                if misses_groups && claim(&claims, &options.groups_claim).is_none() {
                    tracing::warn!(
                        "sign-in: the provider states no claim {:?} for {:?}, so that no group gives a role",
                        options.groups_claim,
                        person.user
                    );
                }
                Err(SignInError::NoRole(person.user))
            }
        }
    }

    fn person(&self, claims: &Map<String, Value>) -> Result<Person, SignInError> {
        let name = &self.options.user_claim;
        let user = claim(claims, name)
            .and_then(Value::as_str)
            .map(str::trim)
            .ok_or_else(|| SignInError::NoName(format!("the provider states no claim {name:?}")))?;
        if name == "email" && claims.get("email_verified").is_some_and(|of| *of == false) {
            let what = "the provider has not verified the address".to_owned();
            return Err(SignInError::NoName(what));
        }
        let is_shown = |letter: char| !letter.is_control() && !turns(letter);
        if user.is_empty() || user.chars().count() > LONGEST_NAME || !user.chars().all(is_shown) {
            let what = format!("{name:?} is not 1 to {LONGEST_NAME} characters of one line");
            return Err(SignInError::NoName(what));
        }
        let groups = match claim(claims, &self.options.groups_claim) {
            Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(group)) => vec![group.as_str()],
            _ => Vec::new(),
        };
        Ok(Person { user: user.to_owned(), groups: self.options.known_groups(&groups) })
    }

    /// What somebody whom this provider signed in may do now; `None` of somebody else.
    pub fn grant(&self, signed_in: &SignedIn) -> Option<Grant> {
        match signed_in.provider == self.options.provider() {
            true => self.options.grant(&signed_in.user, &signed_in.groups),
            false => None,
        }
    }

    /// The entry of somebody who has this secret from now on.
    pub fn entry(&self, person: Person, secret: &str, now: jiff::Timestamp) -> SignedIn {
        let seconds = i64::try_from(self.options.session_time.as_secs()).unwrap_or(i64::MAX);
        SignedIn {
            sha256: hash(secret),
            user: person.user,
            groups: person.groups,
            provider: self.options.provider(),
            ends_at_s: now.as_second().saturating_add(seconds),
        }
    }
}

/// What is not believed is in the log: the page for the user does not state it.
fn distrusted(what: String) -> SignInError {
    let error = SignInError::Distrusted(what);
    tracing::error!("sign-in: {error}");
    error
}

/// Letters that turn the direction of what is shown: one name could look like another.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A claim: by its name, or by a path with dots.
fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let found = claims.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        claim(claims.get(first)?.as_object()?, rest)
    });
    found.filter(|found| !found.is_null())
}

/// Longest path that a browser is sent back to, in bytes.
const LONGEST_PATH: usize = 1024;

/// A path of this server, as it is in an address; the page for anything else.
fn local_path(text: &str) -> &str {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_local = text.starts_with('/') && !text.starts_with("//");
    if is_plain && is_local && text.len() <= LONGEST_PATH { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_path_of_this_server_is_returned_to() {
        for local in ["/", "/?event=4", "/?text=%C3%A9&from=2026-05-01", "/docs/#x"] {
            assert_eq!(local_path(local), local);
        }
        let long = format!("/?{}", "x".repeat(LONGEST_PATH));
        for foreign in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "evil",
            "/\t/evil.example",
            "/\r\nLocation: x",
            " /",
            "/é",
            "javascript:alert(1)",
            "/a\u{0}",
            &long,
        ] {
            assert_eq!(local_path(foreign), "/", "{foreign:?}");
        }
    }

    #[test]
    fn a_claim_has_a_name_or_a_path() {
        let claims = json!({"groups": ["a"], "realm": {"roles": {"of": "x"}}, "https://x.y/g": 1, "no": null});
        let claims = claims.as_object().unwrap();
        assert_eq!(claim(claims, "groups"), Some(&json!(["a"])));
        assert_eq!(claim(claims, "realm.roles.of"), Some(&json!("x")));
        assert_eq!(claim(claims, "https://x.y/g"), Some(&json!(1)));
        for missing in ["no", "realm.no", "groups.0", "", ".", "realm."] {
            assert_eq!(claim(claims, missing), None, "{missing:?}");
        }
    }

    #[test]
    fn secrets_are_long_and_differ() {
        let (one, other) = (secret().unwrap(), secret().unwrap());
        assert!(one != other && one.len() == 43 && hash(&one) != hash(&other));
    }
}
