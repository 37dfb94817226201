//! What goes wrong, as status and JSON.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde::de::IgnoredAny;
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
    status: StatusCode,
    error: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(status: StatusCode, error: impl ToString) -> Self {
        let error = error.to_string();
        let faults = Vec::new();
        Self { status, error, faults }
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is no post with this id")
    }

    /// serde_json stops at the first wrong type. Only if the rest is JSON, too, it is a 422.
    pub fn json(text: &[u8], e: serde_json::Error) -> Self {
        if e.classify() != Category::Data {
            return Self::new(StatusCode::BAD_REQUEST, e);
        }
        match serde_json::from_slice::<IgnoredAny>(text) {
            Ok(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, e),
            Err(e) => Self::new(StatusCode::BAD_REQUEST, e),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.error)
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status).json(self)
    }
}

/// What actix-web itself found wrong with a request: it has the status, we have the JSON.
impl From<actix_web::Error> for Error {
    fn from(e: actix_web::Error) -> Self {
        Self::new(e.as_response_error().status_code(), e)
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
            status: StatusCode::UNPROCESSABLE_ENTITY,
            error: "the request breaks the rules".to_owned(),
            faults,
        }
    }
}
