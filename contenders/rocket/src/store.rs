use std::sync::Arc;

use rocket::fairing::AdHoc;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Config, Orbit, Request, Rocket};

use crate::error::{Error, Result};
use crate::memory::MemoryStore;
use crate::post::{NewPost, Post};
use crate::sqlite::{Reader, Writer};

/// The store that `STORE` named, as a request guard.
pub enum Store<'r> {
    Memory(&'r MemoryStore),
    Sqlite(&'r Rocket<Orbit>),
}

pub fn stage(name: String) -> AdHoc {
    AdHoc::try_on_ignite("store", move |rocket| async move {
        if name == "memory" {
            return Ok(rocket.manage(MemoryStore::default()));
        }
        let Some(file) = name.strip_prefix("sqlite:").filter(|file| !file.is_empty()) else {
            rocket::error!("STORE is {name:?}; say memory or sqlite:FILE");
            return Err(rocket);
        };
        let figment = rocket.figment().clone();
        let workers: usize = figment.extract_inner(Config::WORKERS).unwrap_or_default();
        let figment = figment
            .merge(("databases.writer.url", file))
            .merge(("databases.writer.pool_size", 1))
            .merge(("databases.reader.url", file))
            .merge(("databases.reader.pool_size", workers.max(4)));
        Ok(rocket.configure(figment).attach(Writer::fairing()).attach(Reader::fairing()))
    })
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Store<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(match request.rocket().state() {
            Some(memory) => Store::Memory(memory),
            None => Store::Sqlite(request.rocket()),
        })
    }
}

impl Store<'_> {
    pub async fn create(self, new: NewPost) -> Result<Arc<Post>> {
        match self {
            Store::Memory(memory) => Ok(memory.create(new)),
            Store::Sqlite(rocket) => {
                let db = Writer::get_one(rocket).await.ok_or_else(busy)?;
                Ok(db.run(|db| db.create(new)).await?)
            }
        }
    }

    pub async fn get(self, id: i64) -> Result<Option<Arc<Post>>> {
        match self {
            Store::Memory(memory) => Ok(memory.get(id)),
            Store::Sqlite(rocket) => {
                let db = Reader::get_one(rocket).await.ok_or_else(busy)?;
                Ok(db.run(move |db| db.get(id)).await?)
            }
        }
    }

    pub async fn list(self, before: i64, limit: usize) -> Result<Vec<Arc<Post>>> {
        match self {
            Store::Memory(memory) => Ok(memory.list(before, limit)),
            Store::Sqlite(rocket) => {
                let db = Reader::get_one(rocket).await.ok_or_else(busy)?;
                Ok(db.run(move |db| db.list(before, limit)).await?)
            }
        }
    }
}

fn busy() -> Error {
    Error::new(Status::ServiceUnavailable, "all connections to the store are busy")
}
