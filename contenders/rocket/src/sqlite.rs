//! The durable store: one pool of one connection for writing, as SQLite has one writer at a time
//! and waiting for the pool is cheaper than SQLITE_BUSY, and one pool for reading.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rocket::{Build, Rocket};
use rocket_sync_db_pools::r2d2::{ManageConnection, Pool};
use rocket_sync_db_pools::{database, Config, Error, PoolResult, Poolable};
use rusqlite::{params, OptionalExtension, Row};

use crate::post::{now, NewPost, Post};

const PRAGMAS: &str = "
    PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;";

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS posts (
        id         INTEGER PRIMARY KEY,
        title      TEXT    NOT NULL,
        body       TEXT    NOT NULL,
        author     TEXT,
        created_at INTEGER NOT NULL, -- microseconds since 1970
        updated_at INTEGER NOT NULL
    )";

#[database("writer")]
pub struct Writer(Connection);

#[database("reader")]
pub struct Reader(Connection);

pub struct Connection(rusqlite::Connection);

impl Connection {
    /// Returns after COMMIT: the single INSERT is its own transaction.
    pub fn create(&self, new: NewPost) -> rusqlite::Result<Arc<Post>> {
        let mut post = new.into_post(0, now());
        let mut insert = self.0.prepare_cached(
            "INSERT INTO posts (title, body, author, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?)",
        )?;
        post.id = insert.insert(params![
            post.title,
            post.body,
            post.author,
            post.created_at.timestamp_micros(),
            post.updated_at.timestamp_micros(),
        ])?;
        Ok(Arc::new(post))
    }

    pub fn get(&self, id: i64) -> rusqlite::Result<Option<Arc<Post>>> {
        self.0
            .prepare_cached(
                "SELECT id, title, body, author, created_at, updated_at FROM posts WHERE id = ?",
            )?
            .query_row([id], read_post)
            .optional()
    }

    pub fn list(&self, before: i64, limit: usize) -> rusqlite::Result<Vec<Arc<Post>>> {
        self.0
            .prepare_cached(
                "SELECT id, title, body, author, created_at, updated_at FROM posts
                 WHERE id < ? ORDER BY id DESC LIMIT ?",
            )?
            .query_map(params![before, limit as i64], read_post)?
            .collect()
    }
}

fn read_post(row: &Row) -> rusqlite::Result<Arc<Post>> {
    Ok(Arc::new(Post {
        id: row.get(0)?,
        title: row.get(1)?,
        body: row.get(2)?,
        author: row.get(3)?,
        created_at: read_time(row, 4)?,
        updated_at: read_time(row, 5)?,
    }))
}

fn read_time(row: &Row, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    let micros = row.get(column)?;
    DateTime::from_timestamp_micros(micros)
        .ok_or(rusqlite::Error::IntegralValueOutOfRange(column, micros))
}

/// Opens connections for r2d2, the pool of rocket_sync_db_pools.
pub struct Manager {
    file: PathBuf,
}

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = rusqlite::Error;

    fn connect(&self) -> Result<Connection, rusqlite::Error> {
        let connection = rusqlite::Connection::open(&self.file)?;
        connection.execute_batch(PRAGMAS)?;
        Ok(Connection(connection))
    }

    /// There is no server that could have gone away.
    fn is_valid(&self, _: &mut Connection) -> Result<(), rusqlite::Error> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

impl Poolable for Connection {
    type Manager = Manager;
    type Error = rusqlite::Error;

    fn pool(name: &str, rocket: &Rocket<Build>) -> PoolResult<Self> {
        let config = Config::from(name, rocket)?;
        let manager = Manager { file: config.url.into() };
        let first = manager.connect().map_err(Error::Custom)?;
        first.0.execute_batch(SCHEMA).map_err(Error::Custom)?;
        Ok(Pool::builder().max_size(config.pool_size).build(manager)?)
    }
}
