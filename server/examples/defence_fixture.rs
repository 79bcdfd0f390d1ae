//! Serves the office over a finding on loopback, to look at the person's side: `defence_fixture`
//! while a hearing is awaited, `defence_fixture ripe` before the member. Prints address and secret.

#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/defence_world/mod.rs"]
mod defence_world;
#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/oversight_world/mod.rs"]
mod oversight_world;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::oversight_world::{OFFICER_SECRET, people, web};
use entremise_server::web::office_router;

fn main() -> std::io::Result<()> {
    let mut finding = defence_world::finding();
    let letter = b"%PDF-1.7 SPECIMEN";
    finding.enter(&[("act", "observations"), ("received_on", "2023-05-10")], letter);
    finding.enter(&[("act", "hearing"), ("received_on", "2023-05-10")], b"");
    if std::env::args().nth(1).as_deref() == Some("ripe") {
        finding.enter(&[("act", "convene"), ("slot", "2023-05-15T10:00")], b"");
        finding.at("2023-05-15T09:00:00Z");
        finding.enter(&[("act", "held"), ("counsel", "yes"), ("copied", "yes")], letter);
        finding.at("2023-05-26T08:00:00Z");
        finding.late();
    }
    let (now, path) = (finding.now(), finding.path());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("office http://{}{path}", listener.local_addr()?);
        println!("secret {OFFICER_SECRET}");
        let mut pages = web(&finding.world.store);
        pages.clock = Arc::new(move || now);
        let router = office_router(pages, people())
            .map_err(|_| std::io::Error::other("the system has no randomness to give"))?;
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
    })
}
