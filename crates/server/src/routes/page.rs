//! The files of the page.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use rust_embed::RustEmbed;

use crate::auth::hex;
use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

/// A file as it is sent.
struct File {
    bytes: Bytes,
    etag: String,
}

/// All of them by their paths: modules without their comments and indentation, a quarter of them.
static FILES: LazyLock<HashMap<Cow<'static, str>, File>> = LazyLock::new(|| {
    let files = Web::iter().filter_map(|path| {
        let file = Web::get(&path)?;
        let etag = format!("\"{}\"", hex(&file.metadata.sha256_hash()));
        let is_module = path.starts_with("js/") && path.ends_with(".js");
        let bytes = match std::str::from_utf8(&file.data) {
            Ok(text) if is_module => Bytes::from(condensed(text)),
            _ => Bytes::from(file.data.into_owned()),
        };
        Some((path, File { bytes, etag }))
    });
    files.collect()
});

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
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Response::new(Body::from(file.bytes.clone())),
    };
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
