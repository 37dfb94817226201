//! What goes wrong, as status and JSON.

use rocket::http::Status;
use rocket::response::{self, Responder};
use rocket::serde::json::{self, Json};
use rocket::Request;
use serde::de::IgnoredAny;
use serde::Serialize;
use serde_json::error::Category;
use validator::ValidationErrors;

#[derive(Debug, Serialize)]
pub struct Fault {
    field: String,
    rule: String,
    detail: String,
}

#[derive(Debug, Serialize)]
pub struct Error {
    #[serde(skip)]
    status: Status,
    error: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(status: Status, error: impl ToString) -> Self {
        let error = error.to_string();
        let faults = Vec::new();
        Self { status, error, faults }
    }

    pub fn not_found() -> Self {
        Self::new(Status::NotFound, "there is no post with this id")
    }
}

impl<'r> Responder<'r, 'static> for Error {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        (self.status, Json(self)).respond_to(request)
    }
}

impl From<json::Error<'_>> for Error {
    fn from(e: json::Error<'_>) -> Self {
        match e {
            json::Error::Io(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                Self::new(Status::PayloadTooLarge, "the body is above 1 MiB")
            }
            json::Error::Io(e) => Self::new(Status::BadRequest, e),
            json::Error::Parse(text, e) => Self::parse(text, e),
        }
    }
}

impl Error {
    /// serde_json stops at the first wrong type. Only if the rest is JSON, too, it is a 422.
    fn parse(text: &str, e: serde_json::Error) -> Self {
        if e.classify() != Category::Data {
            return Self::new(Status::BadRequest, e);
        }
        match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Self::new(Status::UnprocessableEntity, e),
            Err(e) => Self::new(Status::BadRequest, e),
        }
    }
}

impl From<ValidationErrors> for Error {
    fn from(e: ValidationErrors) -> Self {
        let mut faults: Vec<Fault> = e
            .field_errors()
            .into_iter()
            .flat_map(|(field, errors)| errors.iter().map(move |e| (field.clone(), e)))
            .map(|(field, e)| Fault {
                field: field.into_owned(),
                rule: e.code.to_string(),
                detail: e.message.as_deref().unwrap_or_default().to_owned(),
            })
            .collect();
        faults.sort_by(|a, b| a.field.cmp(&b.field));
        Self {
            status: Status::UnprocessableEntity,
            error: "the request breaks the rules".to_owned(),
            faults,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        rocket::error!("store: {e}");
        Self::new(Status::InternalServerError, "the store failed")
    }
}
