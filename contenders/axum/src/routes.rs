use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::post::{NewPost, Page, Post};
use crate::store::Store;
use crate::valid::Valid;

const MAX_BODY: usize = 1 << 20;
const DEFAULT_LIMIT: i64 = 20;
const MAX_LIMIT: i64 = 100;

type Shared = State<Arc<Store>>;

pub fn router(store: Arc<Store>) -> Router {
    Router::new()
        .route("/posts", get(list).post(create))
        .route("/posts/{id}", get(read))
        .route("/livez", get(livez))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(store)
}

async fn create(State(store): Shared, Valid(new): Valid<NewPost>) -> Result<impl IntoResponse> {
    let post = store.create(new).await?;
    let location = format!("/posts/{}", post.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(post)))
}

async fn read(
    State(store): Shared,
    id: std::result::Result<Path<i64>, PathRejection>,
) -> Result<Json<Arc<Post>>> {
    let Path(id) = id?;
    let post = store.get(id).await?;
    post.map(Json).ok_or_else(Error::not_found)
}

#[derive(Deserialize)]
struct ListQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The newest first. A cursor is the id of the last post of the part before.
async fn list(
    State(store): Shared,
    query: std::result::Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Page>> {
    let Query(query) = query?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT) as usize;
    let before = match query.cursor.as_deref().map(str::parse) {
        None => i64::MAX,
        Some(Ok(id)) if id > 0 => id,
        Some(_) => {
            return Err(Error::new(StatusCode::BAD_REQUEST, "the cursor is not one of ours"));
        }
    };
    // One more than asked for tells whether there is a next part.
    let posts = store.list(before, limit + 1).await?;
    Ok(Json(Page::new(posts, limit)))
}

async fn livez() -> Json<Value> {
    Json(json!({ "status": "alive" }))
}

async fn unknown_path() -> Error {
    Error::new(StatusCode::NOT_FOUND, "nothing is served at this path")
}

async fn wrong_method() -> Error {
    Error::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not served here")
}
