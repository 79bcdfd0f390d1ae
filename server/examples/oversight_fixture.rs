//! Serves the oversight desk over a made-up year on loopback, to look at it. Prints the address and
//! the overseer's secret.

#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/oversight_world/mod.rs"]
mod oversight_world;

use std::net::SocketAddr;

use entremise_server::web::office_router;
use oversight_world::{OVERSEER_SECRET, World, people, web};

fn main() -> std::io::Result<()> {
    let world = World::year();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("office http://{}/fr/controle", listener.local_addr()?);
        println!("secret {OVERSEER_SECRET}");
        let router = office_router(web(&world.store), people())
            .map_err(|_| std::io::Error::other("the system has no randomness to give"))?;
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
    })
}
