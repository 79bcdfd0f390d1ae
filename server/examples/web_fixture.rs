//! Serves the pages over invented cases on loopback, to look at them: public pages on one port,
//! the office on another. Prints both addresses and the officer's secret.

#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/web_desk/mod.rs"]
mod web_desk;

use std::net::SocketAddr;

use entremise_server::web::{office_router, public_router};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let public = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let office = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("public http://{}/fr", public.local_addr()?);
    println!("office http://{}/fr/bureau", office.local_addr()?);
    println!("secret {}", web_desk::SECRET);
    let rows = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(9);
    let desk = || web_desk::web(web_desk::Invented::with_rows(rows));
    let office_pages = office_router(desk(), web_desk::officers())
        .map_err(|_| std::io::Error::other("the system has no randomness to give"))?;
    let public_pages = public_router(desk());
    tokio::try_join!(
        axum::serve(public, public_pages.into_make_service_with_connect_info::<SocketAddr>()),
        axum::serve(office, office_pages.into_make_service_with_connect_info::<SocketAddr>()),
    )?;
    Ok(())
}
