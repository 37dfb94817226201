use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;

use crate::error::{Error, Result};
use crate::memory::MemoryStore;
use crate::post::{NewPost, Object, Page, Post};

const MAX_BODY: usize = 1 << 20;
const DEFAULT_LIMIT: i64 = 20;
const MAX_LIMIT: i64 = 100;

type Store = web::Data<MemoryStore>;

pub fn configure(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(MAX_BODY))
        .service(
            web::resource("/posts")
                .route(web::get().to(list))
                .route(web::post().to(create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/posts/{id}")
                .route(web::get().to(read))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/livez")
                .route(web::get().to(livez))
                .default_service(web::to(wrong_method)),
        )
        .default_service(web::to(unknown_path));
}

/// Takes the body as bytes, not as `web::Json`, whose error no longer has the text that tells 400
/// from 422. Content-Type is not looked at.
async fn create(
    store: Store,
    body: std::result::Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse> {
    let new = parse(&body?)?;
    let post = store.create(new);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/posts/{}", post.id)))
        .json(post))
}

fn parse(body: &[u8]) -> Result<NewPost> {
    let Object(new): Object<NewPost> =
        serde_json::from_slice(body).map_err(|e| Error::json(body, e))?;
    new.validate()?;
    Ok(new)
}

async fn read(store: Store, id: web::Path<String>) -> Result<web::Json<Arc<Post>>> {
    let id = id.parse().map_err(|_| Error::not_found())?;
    store.get(id).map(web::Json).ok_or_else(Error::not_found)
}

#[derive(Deserialize)]
struct ListQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The newest first. A cursor is the id of the last post of the part before.
async fn list(
    store: Store,
    query: std::result::Result<web::Query<ListQuery>, actix_web::Error>,
) -> Result<web::Json<Page>> {
    let query = query.map_err(|e| Error::new(StatusCode::UNPROCESSABLE_ENTITY, e))?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT) as usize;
    let before = match query.cursor.as_deref().map(str::parse) {
        None => i64::MAX,
        Some(Ok(id)) if id > 0 => id,
        Some(_) => {
            return Err(Error::new(StatusCode::BAD_REQUEST, "the cursor is not one of ours"));
        }
    };
    // One more than asked for tells whether there is a next part.
    let posts = store.list(before, limit + 1);
    Ok(web::Json(Page::new(posts, limit)))
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

async fn unknown_path() -> Result<HttpResponse> {
    Err(Error::new(StatusCode::NOT_FOUND, "nothing is served at this path"))
}

async fn wrong_method() -> Result<HttpResponse> {
    Err(Error::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not served here"))
}
