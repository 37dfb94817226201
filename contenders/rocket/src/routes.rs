use std::sync::Arc;

use rocket::fairing::AdHoc;
use rocket::http::Status;
use rocket::response::status::Created;
use rocket::serde::json::{self, json, Json, Value};
use rocket::{catch, catchers, get, post, routes, Request};
use validator::Validate;

use crate::error::{Error, Result};
use crate::post::{NewPost, Object, Page, Post};
use crate::store::Store;

const DEFAULT_LIMIT: i64 = 20;
const MAX_LIMIT: i64 = 100;

pub fn stage() -> AdHoc {
    AdHoc::on_ignite("posts", |rocket| async {
        rocket
            .mount("/", routes![create, read, list, livez])
            .register("/", catchers![default_catcher])
    })
}

/// The body is JSON whatever Content-Type says, and at most 1 MiB, Rocket's own limit for JSON.
#[post("/posts", data = "<body>")]
async fn create(
    body: std::result::Result<Json<Object<NewPost>>, json::Error<'_>>,
    store: Store<'_>,
) -> Result<Created<Json<Arc<Post>>>> {
    let Object(new) = body?.into_inner();
    new.validate()?;
    let post = store.create(new).await?;
    Ok(Created::new(format!("/posts/{}", post.id)).body(Json(post)))
}

#[get("/posts/<id>")]
async fn read(id: &str, store: Store<'_>) -> Result<Json<Arc<Post>>> {
    let id = id.parse().map_err(|_| Error::not_found())?;
    let post = store.get(id).await?;
    post.map(Json).ok_or_else(Error::not_found)
}

/// The newest first. A cursor is the id of the last post of the part before.
#[get("/posts?<limit>&<cursor>")]
async fn list(limit: Option<&str>, cursor: Option<&str>, store: Store<'_>) -> Result<Json<Page>> {
    let limit = match limit.map(str::parse) {
        None => DEFAULT_LIMIT,
        Some(Ok(limit)) => MAX_LIMIT.min(limit).max(1),
        Some(Err(_)) => {
            return Err(Error::new(Status::UnprocessableEntity, "limit must be an integer"))
        }
    };
    let before = match cursor.map(str::parse) {
        None => i64::MAX,
        Some(Ok(id)) if id > 0 => id,
        Some(_) => return Err(Error::new(Status::BadRequest, "the cursor is not one of ours")),
    };
    // One more than asked for tells whether there is a next part.
    let posts = store.list(before, limit as usize + 1).await?;
    Ok(Json(Page::new(posts, limit as usize)))
}

#[get("/livez")]
fn livez() -> Value {
    json!({ "status": "alive" })
}

#[catch(default)]
fn default_catcher(status: Status, _request: &Request) -> Error {
    Error::new(status, status.reason_lossy())
}
