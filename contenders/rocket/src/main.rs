//! posts in Rust with Rocket: the service every contender implements, as a Rocket user would
//! write it.
//!
//! Settings are Rocket's own (`ROCKET_LOG_LEVEL`, `ROCKET_WORKERS`, ...) and two of the contest:
//! `PORT` on 127.0.0.1 (default 8080) and `STORE`, `memory` (default) or `sqlite:FILE`.

mod error;
mod memory;
mod post;
mod routes;
mod sqlite;
mod store;

use rocket::figment::providers::Env;
use rocket::figment::Figment;
use rocket::{Config, Ignite, Rocket};

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    launch().await?;
    Ok(())
}

async fn launch() -> Result<Rocket<Ignite>, Box<dyn std::error::Error>> {
    let figment = settings();
    let store = figment.extract_inner("store")?;
    let rocket = rocket::custom(figment).attach(store::stage(store)).attach(routes::stage());
    Ok(rocket.launch().await?)
}

/// Rocket's own settings, except that the port is 8080 and comes from `PORT`.
fn settings() -> Figment {
    Config::figment()
        .merge(("port", 8080))
        .merge(("store", "memory"))
        .merge(Env::raw().only(&["port", "store"]).global())
}
