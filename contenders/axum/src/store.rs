use std::sync::Arc;

use crate::error::Result;
use crate::memory::MemoryStore;
use crate::post::{NewPost, Post};
use crate::sqlite::SqliteStore;

pub enum Store {
    Memory(MemoryStore),
    Sqlite(SqliteStore),
}

impl Store {
    pub fn open(name: &str) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        match name.split_once(':') {
            None if name == "memory" => Ok(Self::Memory(MemoryStore::default())),
            Some(("sqlite", file)) => Ok(Self::Sqlite(SqliteStore::open(file)?)),
            Some(("sqlite-group", file)) => Ok(Self::Sqlite(SqliteStore::open_grouping(file)?)),
            _ => {
                Err(format!("STORE is {name:?}; say memory, sqlite:FILE or sqlite-group:FILE")
                    .into())
            }
        }
    }

    pub async fn create(&self, new: NewPost) -> Result<Arc<Post>> {
        match self {
            Self::Memory(memory) => Ok(memory.create(new)),
            Self::Sqlite(sqlite) => sqlite.create(new).await,
        }
    }

    pub async fn get(&self, id: i64) -> Result<Option<Arc<Post>>> {
        match self {
            Self::Memory(memory) => Ok(memory.get(id)),
            Self::Sqlite(sqlite) => sqlite.get(id).await,
        }
    }

    pub async fn list(&self, before: i64, limit: usize) -> Result<Vec<Arc<Post>>> {
        match self {
            Self::Memory(memory) => Ok(memory.list(before, limit)),
            Self::Sqlite(sqlite) => sqlite.list(before, limit).await,
        }
    }
}
