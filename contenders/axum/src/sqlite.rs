//! The durable store. SQLite has one writer at a time, so one connection writes; a few more read.
//! Each has a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::{Error, Result};
use crate::group::GroupWriter;
use crate::post::{NewPost, Post, now};

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

pub struct SqliteStore {
    writer: Writer,
    readers: Vec<tokio_rusqlite::Connection>,
    turn: AtomicUsize,
}

enum Writer {
    /// One transaction a post.
    Single(tokio_rusqlite::Connection),
    /// One transaction for all the posts that came while the one before was written.
    Group(GroupWriter),
}

impl SqliteStore {
    pub fn open(file: &str) -> rusqlite::Result<Self> {
        let writer = open_writer(file)?;
        Self::with_writer(file, Writer::Single(writer.into()))
    }

    pub fn open_grouping(file: &str) -> rusqlite::Result<Self> {
        let writer = open_writer(file)?;
        Self::with_writer(file, Writer::Group(GroupWriter::start(writer)))
    }

    fn with_writer(file: &str, writer: Writer) -> rusqlite::Result<Self> {
        let count = available_parallelism().map_or(4, |cpus| cpus.get().max(4));
        let readers =
            (0..count).map(|_| open(file).map(Into::into)).collect::<rusqlite::Result<_>>()?;
        Ok(Self { writer, readers, turn: AtomicUsize::new(0) })
    }

    /// Returns after COMMIT.
    pub async fn create(&self, new: NewPost) -> Result<Arc<Post>> {
        match &self.writer {
            Writer::Single(writer) => {
                writer.call(move |db| insert(db, new)).await.map_err(Error::store)
            }
            Writer::Group(writer) => writer.create(new).await,
        }
    }

    pub async fn get(&self, id: i64) -> Result<Option<Arc<Post>>> {
        self.reader().call(move |db| select(db, id)).await.map_err(Error::store)
    }

    pub async fn list(&self, before: i64, limit: usize) -> Result<Vec<Arc<Post>>> {
        self.reader().call(move |db| select_before(db, before, limit)).await.map_err(Error::store)
    }

    fn reader(&self) -> &tokio_rusqlite::Connection {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        &self.readers[turn % self.readers.len()]
    }
}

fn open(file: &str) -> rusqlite::Result<Connection> {
    let db = Connection::open(file)?;
    db.execute_batch(PRAGMAS)?;
    Ok(db)
}

fn open_writer(file: &str) -> rusqlite::Result<Connection> {
    let db = open(file)?;
    db.execute_batch(SCHEMA)?;
    Ok(db)
}

/// Without a transaction around it, the INSERT is its own.
pub fn insert(db: &Connection, new: NewPost) -> rusqlite::Result<Arc<Post>> {
    let mut post = new.into_post(0, now());
    let mut statement = db.prepare_cached(
        "INSERT INTO posts (title, body, author, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
    )?;
    post.id = statement.insert(params![
        post.title,
        post.body,
        post.author,
        post.created_at.timestamp_micros(),
        post.updated_at.timestamp_micros(),
    ])?;
    Ok(Arc::new(post))
}

fn select(db: &Connection, id: i64) -> rusqlite::Result<Option<Arc<Post>>> {
    db.prepare_cached(
        "SELECT id, title, body, author, created_at, updated_at FROM posts WHERE id = ?",
    )?
    .query_row([id], read_post)
    .optional()
}

fn select_before(db: &Connection, before: i64, limit: usize) -> rusqlite::Result<Vec<Arc<Post>>> {
    db.prepare_cached(
        "SELECT id, title, body, author, created_at, updated_at FROM posts
         WHERE id < ? ORDER BY id DESC LIMIT ?",
    )?
    .query_map(params![before, limit as i64], read_post)?
    .collect()
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
