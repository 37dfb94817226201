//! posts in Rust with axum: the service every contender implements, as an axum user would write
//! it.
//!
//! - `PORT`: port on 127.0.0.1 (default 8080)
//! - `STORE`: `memory` (default), `sqlite:FILE`, or `sqlite-group:FILE`, which commits in groups

mod error;
mod group;
mod memory;
mod post;
mod routes;
mod sqlite;
mod store;
mod valid;

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::store::Store;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let store = Store::open(env::var("STORE").as_deref().unwrap_or("memory"))?;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?.tap_io(|stream| {
        // A socket that is gone already fails at its first read, too.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, routes::router(Arc::new(store)))
        .with_graceful_shutdown(told_to_stop()?)
        .await?;
    Ok(())
}

fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
