//! Cookies: what a browser has to show, which no script of a page can read.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use crate::proxy::Proxied;
use crate::state::State;

/// The token that a page's own requests carry.
pub const TOKEN: &str = "wavekeep_token";
/// The secret of somebody whom an identity provider signed in.
pub const SIGNED_IN: &str = "wavekeep_signed_in";
/// What a browser shows that comes back from an identity provider.
pub const SIGNING_IN: &str = "wavekeep_signing_in";

/// The value of a cookie.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(of, value)| (of == name).then_some(value))
}

/// What pages may make a browser send a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Pages of this server.
    Strict,
    /// Others too, by a link or a redirect.
    Lax,
}

/// Gives a browser a cookie for so many seconds; none at all with 0.
pub fn set(
    state: &State,
    proxied: Option<&Proxied>,
    response: &mut Response,
    (name, value): (&str, &str),
    seconds: u64,
    same_site: SameSite,
) {
    let settings = state.settings();
    let is_https = settings.proxy.is_https(proxied.unwrap_or(&Proxied::default()));
    let secure = if state.access.is_tls || is_https { "; Secure" } else { "" };
    let path = settings.proxy.cookie_path();
    let text = format!(
        "{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite={same_site:?}{secure}"
    );
    if let Ok(text) = HeaderValue::from_str(&text) {
        response.headers_mut().append(SET_COOKIE, text);
    }
}
