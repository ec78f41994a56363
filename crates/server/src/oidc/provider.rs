//! What is asked of the provider: its description, its keys, an ID token for a code, claims. Its answers are
//! bounded in time and size, and no redirect is followed: a secret goes where the description says.

use std::sync::{Mutex as Lock, PoisonError};
use std::time::{Duration, Instant};

use form_urlencoded::{Serializer, byte_serialize};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Url};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, Semaphore};

use super::SignInError;
use super::options::{OidcOptions, safe_url};
use super::pending::Begun;

/// Bytes of an answer.
const MOST_BYTES: usize = 1 << 20;
/// Requests to the provider at a time.
const AT_ONCE: usize = 16;
/// How long the description is good.
const GOOD_FOR: Duration = Duration::from_secs(600);
/// How long the provider is left alone after it did not answer.
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// Where the provider is asked for what.
#[derive(Debug, Clone)]
pub(super) struct Description {
    /// Where people sign in.
    pub authorization: Url,
    token: Url,
    keys: Url,
    user_info: Option<Url>,
    /// Whether the secret goes into the body: the provider does not take it in the header.
    secret_in_body: bool,
    /// Whether the provider names itself when it sends a browser back.
    pub names_itself: bool,
}

/// The provider.
#[derive(Debug)]
pub(super) struct Provider {
    client: Result<Client, String>,
    at_once: Semaphore,
    description: Mutex<Option<(Instant, Result<Description, SignInError>)>>,
    /// Why the provider could not be asked the last time; `None` before the first time.
    state: Lock<Option<Result<(), String>>>,
}

impl Provider {
    /// A provider that was not asked yet. `patience` is how long an answer may take as a whole.
    pub fn new(patience: Duration) -> Self {
        // The first one has installed the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().timeout(patience).redirect(Policy::none()).build();
        Self {
            client: client.map_err(|error| error.to_string()),
            at_once: Semaphore::new(AT_ONCE),
            description: Mutex::default(),
            state: Lock::default(),
        }
    }

    /// Whether the provider answered as it should the last time it was asked; `None` before the first time.
    pub fn is_well(&self) -> Option<bool> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.as_ref().map(Result::is_ok)
    }

    /// Notes how it went, and logs what is new.
    fn note<T>(&self, found: &Result<T, SignInError>) {
        let found = match found {
            Err(error @ (SignInError::Unreachable(_) | SignInError::Distrusted(_))) => {
                Err(error.to_string())
            }
            _ => Ok(()),
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match (&found, &*state) {
            (Err(error), Some(Err(before))) if error == before => {}
            (Err(error), _) => tracing::error!("sign-in: {error}"),
            (Ok(()), Some(Err(_))) => tracing::warn!("sign-in: the provider answers again"),
            (Ok(()), _) => {}
        }
        *state = Some(found);
    }

    fn client(&self) -> Result<&Client, SignInError> {
        self.client.as_ref().map_err(|error| SignInError::Unreachable(error.clone()))
    }

    /// The description, as it was a moment ago.
    pub async fn describe(&self, options: &OidcOptions) -> Result<Description, SignInError> {
        // Others wait for the one who asks.
        let mut known = self.description.lock().await;
        if let Some((at, found)) = &*known
            && at.elapsed() < if found.is_ok() { GOOD_FOR } else { LEFT_ALONE }
        {
            return found.clone();
        }
        let found = self.describe_now(options).await;
        self.note(&found);
        *known = Some((Instant::now(), found.clone()));
        found
    }

    async fn describe_now(&self, options: &OidcOptions) -> Result<Description, SignInError> {
        let place = options.issuer.description();
        let (status, found) = self.ask(self.client()?.get(&place), &place).await?;
        let wrong = |what: String| SignInError::Distrusted(format!("{place}: {what}"));
        if status != 200 {
            return Err(SignInError::Unreachable(format!("{place} answered {status}")));
        }
        let issuer = found["issuer"].as_str().unwrap_or_default();
        if issuer != options.issuer.as_str() {
            let expected = options.issuer.as_str();
            return Err(wrong(format!(
                "it is of {issuer:?}; {expected:?} was expected, letter by letter"
            )));
        }
        let url = |name: &str| match found[name].as_str() {
            Some(text) => safe_url(text).map_err(|what| wrong(format!("{name}: {what}"))),
            None => Err(wrong(format!("{name} is missing"))),
        };
        let methods = found["token_endpoint_auth_methods_supported"].as_array();
        let takes = |method: &str| methods.is_some_and(|all| all.iter().any(|of| of == method));
        Ok(Description {
            authorization: url("authorization_endpoint")?,
            token: url("token_endpoint")?,
            keys: url("jwks_uri")?,
            user_info: found
                .get("userinfo_endpoint")
                .map(|_| url("userinfo_endpoint"))
                .transpose()?,
            secret_in_body: !takes("client_secret_basic") && takes("client_secret_post"),
            names_itself: found["authorization_response_iss_parameter_supported"] == true,
        })
    }

    /// The ID token for a code, and the token for further claims.
    pub async fn redeem(
        &self,
        options: &OidcOptions,
        described: &Description,
        code: &str,
        begun: &Begun,
    ) -> Result<(String, Option<String>), SignInError> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &begun.redirect_uri),
            ("code_verifier", &begun.verifier),
        ];
        let mut request = self.client()?.post(described.token.clone());
        let secret = options.client_secret.as_ref().map(|secret| secret.expose());
        match secret {
            // Both are encoded as in a form before they are joined: RFC 6749, section 2.3.1.
            Some(secret) if !described.secret_in_body => {
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                request = request.basic_auth(encoded(&options.client_id), Some(encoded(secret)));
            }
            Some(secret) => {
                fields.extend([("client_id", &*options.client_id), ("client_secret", secret)])
            }
            None => fields.push(("client_id", &options.client_id)),
        }
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(Serializer::new(String::new()).extend_pairs(fields).finish());
        let found = self.ask(request, described.token.as_str()).await;
        self.note(&found);
        let (status, found) = found?;
        let text = |name: &str| found[name].as_str().map(str::to_owned);
        match (status, text("error"), text("id_token")) {
            (200, None, Some(id_token)) => Ok((id_token, text("access_token"))),
            (200, None, None) => {
                let what =
                    "the provider gave no ID token for the code: does it know the scope openid?";
                Err(SignInError::Distrusted(what.to_owned()))
            }
            (_, error, _) => {
                let error = error.unwrap_or_else(|| format!("status {status}"));
                Err(SignInError::of_provider(&error, text("error_description").as_deref()))
            }
        }
    }

    /// The keys that ID tokens are signed with, as they are now.
    pub async fn keys(&self, described: &Description) -> Result<Value, SignInError> {
        self.get(described.keys.clone(), None).await
    }

    /// Further claims of the user; nothing where the provider has none.
    pub async fn user_info(
        &self,
        described: &Description,
        access_token: Option<&str>,
    ) -> Result<Map<String, Value>, SignInError> {
        let (Some(place), Some(token)) = (described.user_info.clone(), access_token) else {
            return Ok(Map::new());
        };
        match self.get(place, Some(token)).await? {
            Value::Object(claims) => Ok(claims),
            _ => Err(SignInError::Distrusted("the claims of the user are no object".to_owned())),
        }
    }

    async fn get(&self, place: Url, token: Option<&str>) -> Result<Value, SignInError> {
        let mut request = self.client()?.get(place.clone());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let found =
            self.ask(request, place.as_str()).await.and_then(|(status, found)| match status {
                200 => Ok(found),
                _ => Err(SignInError::Unreachable(format!("{place} answered {status}"))),
            });
        self.note(&found);
        found
    }

    /// The status of an answer, and its JSON; an answer of an error may have none.
    async fn ask(&self, request: RequestBuilder, place: &str) -> Result<(u16, Value), SignInError> {
        let _permit = self.at_once.acquire().await;
        let failed = |error: reqwest::Error| {
            let mut why = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(of) = cause {
                why = format!("{why}: {of}");
                cause = of.source();
            }
            SignInError::Unreachable(why)
        };
        let mut response = request.send().await.map_err(failed)?;
        let mut bytes = Vec::new();
        while let Some(some) = response.chunk().await.map_err(failed)? {
            if bytes.len() + some.len() > MOST_BYTES {
                let what = format!("{place} answers with more than {MOST_BYTES} bytes");
                return Err(SignInError::Distrusted(what));
            }
            bytes.extend_from_slice(&some);
        }
        let status = response.status().as_u16();
        match serde_json::from_slice(&bytes) {
            Ok(found) => Ok((status, found)),
            Err(_) if status != 200 => Ok((status, Value::Null)),
            Err(error) => Err(SignInError::Distrusted(format!("{place}: no JSON: {error}"))),
        }
    }
}
