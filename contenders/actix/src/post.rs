//! What the service keeps, takes and gives.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use validator::Validate;

#[derive(Debug, Serialize)]
pub struct Post {
    #[serde(serialize_with = "as_string")]
    pub id: i64,
    pub title: String,
    pub body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    #[serde(serialize_with = "rfc3339")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "rfc3339")]
    pub updated_at: DateTime<Utc>,
}

/// What a client sends.
#[derive(Debug, Deserialize, Validate)]
pub struct NewPost {
    #[validate(length(min = 1, max = 200, message = "1 to 200 characters"))]
    pub title: String,
    #[validate(length(max = 65_536, message = "at most 65536 characters"))]
    pub body: String,
    #[validate(length(max = 100, message = "at most 100 characters"))]
    pub author: Option<String>,
}

impl NewPost {
    /// An empty author is none.
    pub fn into_post(self, id: i64, at: DateTime<Utc>) -> Post {
        Post {
            id,
            title: self.title,
            body: self.body,
            author: self.author.filter(|author| !author.is_empty()),
            created_at: at,
            updated_at: at,
        }
    }
}

/// A part of the list, newest first. `next` is the cursor of the next part.
#[derive(Debug, Serialize)]
pub struct Page {
    items: Vec<Arc<Post>>,
    next: Option<String>,
}

impl Page {
    /// Cuts `posts`, one more than `limit` if there is a next part. The cursor is the last id.
    pub fn new(mut posts: Vec<Arc<Post>>, limit: usize) -> Self {
        let more = posts.len() > limit;
        posts.truncate(limit);
        let next = posts.last().filter(|_| more).map(|post| post.id.to_string());
        Self { items: posts, next }
    }
}

/// The time with microseconds, which is what is shown and stored.
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

fn as_string<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn rfc3339<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// A `T` that must be a JSON object: serde's derived structs take an array of their fields, too.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Object)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}
