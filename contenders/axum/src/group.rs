//! Group commit: one thread writes. It takes all the posts that came while it was busy, puts them
//! into one transaction, commits once, and only then answers them. Under load a sync of the disk is
//! shared by many posts; a lone post waits for nobody.

use std::sync::Arc;
use std::thread;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::error::{Error, Result};
use crate::post::{NewPost, Post};
use crate::sqlite::insert;

const MAX_WAITING: usize = 4096;
const MAX_GROUP: usize = 1024;

pub struct GroupWriter {
    queue: mpsc::Sender<Job>,
}

struct Job {
    new: NewPost,
    done: oneshot::Sender<Arc<Post>>,
}

impl GroupWriter {
    pub fn start(db: Connection) -> Self {
        let (queue, jobs) = mpsc::channel(MAX_WAITING);
        thread::spawn(move || write(db, jobs));
        Self { queue }
    }

    /// Returns after COMMIT.
    pub async fn create(&self, new: NewPost) -> Result<Arc<Post>> {
        let (done, written) = oneshot::channel();
        self.queue.send(Job { new, done }).await.map_err(Error::store)?;
        written.await.map_err(Error::store)
    }
}

fn write(mut db: Connection, mut jobs: mpsc::Receiver<Job>) {
    let mut group = Vec::with_capacity(MAX_GROUP);
    while jobs.blocking_recv_many(&mut group, MAX_GROUP) > 0 {
        match commit(&mut db, group.drain(..)) {
            // A client that has gone is not there to be told.
            Ok(written) => written.into_iter().for_each(|(post, done)| drop(done.send(post))),
            // The jobs are dropped, which those who wait for them see as a failure.
            Err(e) => eprintln!("store: a group of posts failed: {e}"),
        }
    }
}

type Written = Vec<(Arc<Post>, oneshot::Sender<Arc<Post>>)>;

fn commit(db: &mut Connection, jobs: impl Iterator<Item = Job>) -> rusqlite::Result<Written> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let written = jobs
        .map(|job| Ok((insert(&transaction, job.new)?, job.done)))
        .collect::<rusqlite::Result<_>>()?;
    transaction.commit()?;
    Ok(written)
}
