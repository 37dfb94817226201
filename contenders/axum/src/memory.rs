use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::post::{NewPost, Post, now};

/// Posts by id. Ids rise, so that the newest are the last of the map.
#[derive(Default)]
pub struct MemoryStore(RwLock<BTreeMap<i64, Arc<Post>>>);

impl MemoryStore {
    pub fn create(&self, new: NewPost) -> Arc<Post> {
        let at = now();
        let mut posts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let id = posts.last_key_value().map_or(1, |(last, _)| last + 1);
        let post = Arc::new(new.into_post(id, at));
        posts.insert(id, Arc::clone(&post));
        post
    }

    pub fn get(&self, id: i64) -> Option<Arc<Post>> {
        let posts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        posts.get(&id).cloned()
    }

    pub fn list(&self, before: i64, limit: usize) -> Vec<Arc<Post>> {
        let posts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        posts.range(..before).rev().take(limit).map(|(_, post)| Arc::clone(post)).collect()
    }
}
