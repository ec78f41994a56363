//! Signing in with an identity provider: to it, and back from it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State as Shared;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::ArchiveError;

use super::answer;
use crate::audit::Signing;
use crate::connections::Peer;
use crate::cookie::{self, SameSite};
use crate::extract::Query;
use crate::guards::Whole;
use crate::oidc::{
    CALLBACK, Outcome, ProviderAnswer, SECONDS_TO_SIGN_IN, SignIn, SignInError, secret,
};
use crate::problem::Problem;
use crate::proxy::Proxied;
use crate::state::State;

/// What a sign-in is begun with.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Begin {
    /// Where the browser goes at the end: a path of this server, such as `/?event=4`.
    #[serde(rename = "return")]
    #[param(rename = "return")]
    return_to: Option<String>,
    /// The provider asks for name and password again.
    again: bool,
}

/// The identity provider that people sign in with.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferedProvider {
    /// Its name; `null` where there is none.
    name: Option<String>,
}

/// Whether people can sign in with an identity provider. Nobody has to be signed in to ask.
#[utoipa::path(get, path = "/sign-in/provider", tag = "server",
    responses((status = 200, description = "The provider", body = OfferedProvider)))]
pub async fn provider(Shared(state): Shared<State>) -> Response {
    let name = state.settings().oidc.map(|sign_in| sign_in.options.name.clone());
    let mut response = axum::Json(OfferedProvider { name }).into_response();
    not_stored(&mut response);
    response
}

/// Sends a browser to the identity provider.
#[utoipa::path(get, path = "/sign-in", tag = "server", params(Begin),
    responses((status = 303, description = "To the provider"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider does not answer", body = String, content_type = "text/html")))]
pub async fn begin(
    Shared(state): Shared<State>,
    peer: Option<Extension<Peer>>,
    proxied: Option<Extension<Proxied>>,
    headers: HeaderMap,
    Query(asked): Query<Begin>,
) -> Response {
    let (sign_in, redirect_uri) = match configured(&state) {
        Ok(found) => found,
        Err(problem) => return problem.into_response(),
    };
    let address = peer.map(|Extension(Peer(address))| network(address));
    let browser = cookie::value(&headers, cookie::SIGNING_IN);
    let return_to = asked.return_to.as_deref().unwrap_or("/");
    let begun = sign_in.begin(redirect_uri, return_to, address, browser, asked.again).await;
    let begun = match begun {
        Ok(begun) => begun,
        Err(error) => return page_of(&error, &sign_in.options.name, "."),
    };
    let mut response = see_other(&begun.url);
    let of_browser = (cookie::SIGNING_IN, begun.browser.as_str());
    let seconds = SECONDS_TO_SIGN_IN.into();
    cookie::set(&state, proxied.as_deref(), &mut response, of_browser, seconds, SameSite::Lax);
    response
}

/// Takes a browser back from the identity provider.
#[utoipa::path(get, path = "/sign-in/callback", tag = "server", params(ProviderAnswer),
    responses((status = 303, description = "The user is signed in"),
        (status = "4XX", description = "Refused", content((String = "text/html"), (Problem = "application/problem+json"))),
        (status = 502, description = "The provider's answer is not accepted", body = String, content_type = "text/html")))]
pub async fn callback(
    Shared(state): Shared<State>,
    proxied: Option<Extension<Proxied>>,
    headers: HeaderMap,
    Query(given): Query<ProviderAnswer>,
) -> Response {
    let (sign_in, _) = match configured(&state) {
        Ok(found) => found,
        Err(problem) => return problem.into_response(),
    };
    let browser = cookie::value(&headers, cookie::SIGNING_IN);
    let finished = sign_in.finish(&given, browser).await;
    let finished = finished.and_then(|(person, to)| Ok((person, to, secret()?)));
    let (person, return_to, secret) = match finished {
        Ok(finished) => finished,
        Err(error) => return refused(&state, &sign_in, &error),
    };
    state.sign_ins.count(Outcome::SignedIn);
    let now = Timestamp::now();
    let entry = sign_in.entry(person, &secret, now);
    let role = sign_in.grant(&entry).map(|grant| grant.role);
    let signing = Signing { who: entry.user.clone(), role };
    let sha256 = entry.sha256.clone();
    state.sign_ins.add(entry, now);
    // A change that waits for the archive does not keep somebody from it.
    let keeping = state.clone();
    tokio::spawn(async move { keep(&keeping, sha256).await });
    let mut response = see_other(&return_to);
    let seconds = sign_in.options.session_time.as_secs();
    let of_user = (cookie::SIGNED_IN, secret.as_str());
    cookie::set(&state, proxied.as_deref(), &mut response, of_user, seconds, SameSite::Strict);
    // A token would come before it.
    let token = (cookie::TOKEN, "");
    cookie::set(&state, proxied.as_deref(), &mut response, token, 0, SameSite::Strict);
    response.extensions_mut().insert(signing);
    response
}

/// Keeps that somebody signed in or out.
pub(super) async fn keep(state: &State, sha256: String) {
    let kept = state.write(move |state| {
        let kept = state.sign_ins.keep(&state.archive, &sha256, Timestamp::now());
        if let Err(error) = &kept {
            tracing::error!("who is signed in is not kept: {error}");
        }
        Ok(kept.map_err(|error: ArchiveError| error.to_string()))
    });
    drop(kept.await);
}

fn configured(state: &State) -> Result<(Arc<SignIn>, String), Problem> {
    let settings = state.settings();
    match (&settings.oidc, state.public_url(&settings.proxy)) {
        (Some(sign_in), Some(url)) => {
            Ok((Arc::clone(sign_in), format!("{}{CALLBACK}", url.trim_end_matches('/'))))
        }
        _ => Err(Problem::not_found("people sign in to this server with tokens alone")),
    }
}

/// An address, or the network of 64 bits that a user of IPv6 has.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(of) => {
            let [a, b, c, d, ..] = of.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

fn not_stored(response: &mut Response) {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

fn see_other(place: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    not_stored(&mut response);
    if let Ok(place) = HeaderValue::from_str(place) {
        response.headers_mut().insert(LOCATION, place);
    }
    response
}

fn refused(state: &State, sign_in: &SignIn, error: &SignInError) -> Response {
    let is_refusal =
        matches!(error, SignInError::Refused(_) | SignInError::NoRole(_) | SignInError::NoName(_));
    state.sign_ins.count(if is_refusal { Outcome::Refused } else { Outcome::Failed });
    let mut response = page_of(error, &sign_in.options.name, "..");
    if let SignInError::NoRole(user) = error {
        response.extensions_mut().insert(Signing { who: user.clone(), role: None });
    }
    response
}

/// A page that says why somebody is not signed in, and what to do. `base` is where the page of the archive
/// is, seen from this one.
fn page_of(error: &SignInError, provider: &str, base: &str) -> Response {
    let (status, title, detail) = match error {
        SignInError::Unreachable(_) => (
            StatusCode::BAD_GATEWAY,
            format!("{provider} does not answer"),
            "Try again in a moment. The log of this server states the cause.".to_owned(),
        ),
        SignInError::Distrusted(_) => (
            StatusCode::BAD_GATEWAY,
            format!("The answer of {provider} is not accepted"),
            "Ask the person who runs this server: its log states the cause.".to_owned(),
        ),
        SignInError::Refused(code) => (
            StatusCode::FORBIDDEN,
            format!("{provider} refused the sign-in"),
            format!("It states the reason “{code}”."),
        ),
        SignInError::Over => (
            StatusCode::BAD_REQUEST,
            "This sign-in is over".to_owned(),
            "It took more than ten minutes, was used before, or was begun in another browser or at another address of this server. Sign in again.".to_owned(),
        ),
        SignInError::NoRole(user) => (
            StatusCode::FORBIDDEN,
            "No access to this archive".to_owned(),
            format!("{provider} knows you as “{user}”, and this user has no role here. Ask the person who runs this server for one, or sign in as another user."),
        ),
        SignInError::NoName(why) => (
            StatusCode::FORBIDDEN,
            "No access to this archive".to_owned(),
            format!("{provider} does not state who you are: {why}. Ask the person who runs this server."),
        ),
        SignInError::Random => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "The server failed".to_owned(),
            "Its log states the cause.".to_owned(),
        ),
    };
    if matches!(error, SignInError::Random) {
        tracing::error!("sign-in: {error}");
    }
    let (title, detail, provider) = (escaped(&title), escaped(&detail), escaped(provider));
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} · wavekeep</title>\n\
         <link rel=\"icon\" href=\"{base}/icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"{base}/app.css\">\n</head>\n<body>\n<main class=\"page\">\n\
         <h1>{title}</h1>\n<p>{detail}</p>\n\
         <p><a class=\"button primary\" href=\"{base}/sign-in?again=true\">Sign in with {provider}</a> \
         <a class=\"button\" href=\"{base}/\">Back to the archive</a></p>\n</main>\n</body>\n</html>\n"
    );
    let mut response = answer("text/html; charset=utf-8", html);
    *response.status_mut() = status;
    not_stored(&mut response);
    response.extensions_mut().insert(Whole);
    response
}

/// Text as it stands in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
