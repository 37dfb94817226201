//! posts in Rust with actix-web: the service every contender implements, as an actix-web user
//! would write it.
//!
//! - `PORT`: port on 127.0.0.1 (default 8080)
//! - `STORE`: `memory`, the only one here

mod error;
mod memory;
mod post;
mod routes;

use std::env;
use std::error::Error;

use actix_web::{App, HttpServer, web};

use crate::memory::MemoryStore;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let store = env::var("STORE").unwrap_or_else(|_| "memory".to_owned());
    if store != "memory" {
        return Err(format!("STORE is {store:?}; this service only has memory").into());
    }
    let store = web::Data::new(MemoryStore::default());
    HttpServer::new(move || App::new().app_data(store.clone()).configure(routes::configure))
        .tcp_nodelay(true)
        .bind(("127.0.0.1", port))?
        .run()
        .await?;
    Ok(())
}
