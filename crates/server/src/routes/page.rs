//! The files of the page.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;

use crate::auth::hex;
use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

/// A file as it is sent.
struct File {
    bytes: Bytes,
    /// The same, compressed with gzip.
    packed: Bytes,
    etag: String,
}

/// All of them by their paths: modules without their comments and indentation, a quarter of them.
static FILES: LazyLock<HashMap<Cow<'static, str>, File>> = LazyLock::new(|| {
    let files = Web::iter().filter_map(|path| {
        let file = Web::get(&path)?;
        // Packed or not, it is the same file: a weak tag.
        let etag = format!("W/\"{}\"", hex(&file.metadata.sha256_hash()));
        let is_module = path.starts_with("js/") && path.ends_with(".js");
        let bytes = match std::str::from_utf8(&file.data) {
            Ok(text) if is_module => Bytes::from(condensed(text)),
            _ => Bytes::from(file.data.into_owned()),
        };
        let packed = packed(&bytes);
        Some((path, File { bytes, packed, etag }))
    });
    files.collect()
});

/// Bytes compressed with gzip, the same each time.
fn packed(bytes: &[u8]) -> Bytes {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    // Nothing fails that writes to memory.
    let written = writer.write_all(bytes).and_then(|()| writer.finish());
    written.unwrap_or_default().into()
}

/// Whether who asks takes gzip.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let all = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let is_refused = |part: &str| {
            let weight = part.strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
            weight.is_some_and(|weight| weight <= 0.0)
        };
        is_gzip && !parts.any(is_refused)
    })
}

/// A module whose lines of comments are empty and whose other lines are not indented: every line keeps its
/// number, so that the lines in messages of a browser are those of the source. Comments behind code stay. The
/// modules have no text over several lines, in which a line could look like a comment.
fn condensed(module: &str) -> String {
    let mut out = String::with_capacity(module.len());
    let mut is_inside = false;
    for line in module.lines() {
        let text = line.trim();
        let is_whole = text.ends_with("*/") && text.matches("*/").count() == 1;
        let begins = !is_inside && text.starts_with("/**") && (is_whole || !text.contains("*/"));
        if !(is_inside || begins || text.starts_with("//")) {
            out.push_str(text);
        }
        is_inside = (is_inside || begins) && !text.ends_with("*/");
        out.push('\n');
    }
    out
}

/// The page: embedded files, found by their exact names and never on the disk.
pub async fn file(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let Some(file) = FILES.get(path) else {
        return Problem::not_found("there is nothing at this path").into_response();
    };
    if *request.method() != Method::GET && *request.method() != Method::HEAD {
        return Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).into_response();
    }
    let known = request.headers().get(IF_NONE_MATCH);
    let is_known = known.is_some_and(|tag| tag.as_bytes() == file.etag.as_bytes());
    let is_packed = takes_gzip(request.headers());
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false if is_packed => Response::new(Body::from(file.packed.clone())),
        false => Response::new(Body::from(file.bytes.clone())),
    };
    if is_packed && !is_known {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    // A browser keeps the page, and asks whether it is still the one that belongs to this server.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(etag) = HeaderValue::from_str(&file.etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    if let Ok(kind) = HeaderValue::from_str(kind.as_ref()) {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_comments_are_empty_and_all_others_keep_their_numbers() {
        let module = "// @ts-check\n/** One. */\nlet a = 1; // why\n/**\n * @param {string} b\n */\n\
                      const url = \"http://x\"; /** @type {A} */ (b)();\n  /** @type {X} */ (c)();\nb();\n";
        let expected = "\n\nlet a = 1; // why\n\n\n\n\
                        const url = \"http://x\"; /** @type {A} */ (b)();\n/** @type {X} */ (c)();\nb();\n";
        assert_eq!(condensed(module), expected);
    }

    #[test]
    fn gzip_is_sent_to_who_takes_it() {
        let takes = |value: &str| {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, value.parse().unwrap())]);
            takes_gzip(&headers)
        };
        for value in ["gzip", "br, GZIP;q=0.5", "deflate, gzip;q=1.0, *;q=0.5"] {
            assert!(takes(value), "{value}");
        }
        for value in ["", "br", "gzip;q=0", "identity, gzip; q=0.0", "xgzip"] {
            assert!(!takes(value), "{value}");
        }
    }

    #[test]
    fn no_module_has_a_text_over_several_lines() {
        for path in Web::iter().filter(|path| path.starts_with("js/")) {
            let file = Web::get(&path).unwrap();
            let text = String::from_utf8(file.data.into_owned()).unwrap();
            for (number, line) in text.lines().enumerate() {
                assert!(line.matches('`').count() % 2 == 0, "{path}:{}: {line}", number + 1);
            }
        }
    }
}
