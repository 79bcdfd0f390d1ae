//! The headers every page and every asset leaves with. A page can do nothing but be read and send
//! its own forms back: no script, no frame, no third party.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Passkeys need a script: our own file, and nothing written into a page.
const POLICY_WITH_SCRIPT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                                  img-src 'self'; font-src 'self'; form-action 'self'; \
                                  frame-ancestors 'none'; base-uri 'none'";

const ALWAYS: [(HeaderName, &str); 7] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    ),
    // What names this house on a page of a demonstration must not be found by a search.
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// Lets one page run our own script: one on which a passkey is used.
pub fn with_script(mut response: Response) -> Response {
    let policy = HeaderValue::from_static(POLICY_WITH_SCRIPT);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}

/// Adds the headers; pages are not kept by any cache unless their handler said otherwise.
pub async fn guard(secure: bool, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A page of ours that needs our script has said so itself.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    response
}
