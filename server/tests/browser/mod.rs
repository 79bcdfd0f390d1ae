//! What every test in a real browser shares: starting it, serving pages to it, and what axe and a
//! narrow phone say of a page.
//!
//! Needs chromium with chromedriver, and axe-core (`ENTREMISE_AXE_JS`: the path of `axe.min.js`).
//! What is absent is said and skipped, unless `ENTREMISE_REQUIRE_PARTS` is set.

mod driver;

use std::net::SocketAddr;

use axum::Router;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub use driver::{Browser, Scheme};

/// The browser, or a word about why there is none.
pub fn browser(scheme: Scheme, scripts: bool) -> Option<Browser> {
    match Browser::start(scheme, scripts) {
        Ok(browser) => Some(browser),
        Err(why) => absent(&why),
    }
}

pub fn absent<T>(why: &str) -> Option<T> {
    assert!(std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_none(), "{why}");
    println!("skipped: {why}");
    None
}

/// The source of axe-core.
pub fn axe() -> Option<String> {
    let Some(path) = std::env::var_os("ENTREMISE_AXE_JS") else {
        return absent("ENTREMISE_AXE_JS does not name axe.min.js");
    };
    Some(std::fs::read_to_string(path).expect("ENTREMISE_AXE_JS names a file that can be read"))
}

/// Where pages are served from.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// A free place on loopback.
pub fn bind(runtime: &Runtime) -> TcpListener {
    runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap()
}

/// Serves pages there for as long as the runtime runs.
pub fn serve_at(runtime: &Runtime, listener: TcpListener, router: Router) {
    let pages = router.into_make_service_with_connect_info::<SocketAddr>();
    runtime.spawn(async move { axum::serve(listener, pages).await });
}

/// Serves pages on loopback. Yields their address.
pub fn serve(runtime: &Runtime, router: Router) -> String {
    let listener = bind(runtime);
    let address = format!("http://{}", listener.local_addr().unwrap());
    serve_at(runtime, listener, router);
    address
}

/// What axe finds on the page as it stands.
pub fn findings(browser: &Browser, axe: &str) -> Value {
    browser.run(axe);
    browser.run_and_wait(
        "const done = arguments[arguments.length - 1];
         axe.run(document, { resultTypes: ['violations'] }).then(told => done(
             told.violations.map(one => one.id + ': ' + one.nodes.map(node => node.html).join())))",
    )
}

/// Axe finds nothing, neither on what is folded.
pub fn without_findings(browser: &Browser, axe: &str, page: &str) {
    browser.run("document.querySelectorAll('details').forEach(one => one.open = true)");
    assert_eq!(findings(browser, axe), Value::Array(Vec::new()), "{page}");
}

/// The page is no wider than the screen.
pub fn fits(browser: &Browser, page: &str) {
    let over = browser.run("return document.documentElement.scrollWidth - screen.width");
    assert!(over.as_i64() <= Some(0), "{page} is {over} points too wide");
}
