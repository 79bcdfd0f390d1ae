//! The few files the pages need, inside the binary: one style sheet, two weights of one typeface,
//! one mark, and the script of the reviewers' passkeys. Their addresses carry a digest, so a
//! browser may keep them for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{StatusCode, header::HeaderName};
use axum::response::{IntoResponse, Response};
use ring::digest;

const STYLE: &[u8] = include_bytes!("../../assets/style.css");
const REGULAR: &[u8] = include_bytes!("../../assets/AtkinsonHyperlegible-Regular.woff2");
const BOLD: &[u8] = include_bytes!("../../assets/AtkinsonHyperlegible-Bold.woff2");
const MARK: &[u8] = include_bytes!("../../assets/mark.svg");

const PASSKEY: &[u8] = include_bytes!("../../assets/passkey.js");

static PASSKEY_PATH: LazyLock<String> = LazyLock::new(|| {
    let digest = digest::digest(&digest::SHA256, PASSKEY);
    format!("/assets/passkey.js?v={}", hex::encode(&digest.as_ref()[..6]))
});

/// The address of the script that asks for a passkey.
pub fn passkey_path() -> &'static str {
    &PASSKEY_PATH
}

static STYLE_PATH: LazyLock<String> = LazyLock::new(|| {
    let digest = digest::digest(&digest::SHA256, STYLE);
    format!("/assets/style.css?v={}", hex::encode(&digest.as_ref()[..6]))
});

/// The style sheet's address.
pub fn style_path() -> &'static str {
    &STYLE_PATH
}

/// One asset by its file name.
pub async fn asset(Path(name): Path<String>) -> Response {
    let (kind, bytes) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", STYLE),
        "regular.woff2" => ("font/woff2", REGULAR),
        "bold.woff2" => ("font/woff2", BOLD),
        "passkey.js" => ("text/javascript; charset=utf-8", PASSKEY),
        "mark.svg" => ("image/svg+xml", MARK),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let headers: [(HeaderName, &str); 2] =
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, bytes).into_response()
}
