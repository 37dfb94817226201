use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use validator::Validate;

use crate::error::Error;
use crate::post::Object;

/// A JSON object of the request that keeps the rules of `T`. Content-Type is not looked at.
pub struct Valid<T>(pub T);

impl<S, T> FromRequest<S> for Valid<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let body = Bytes::from_request(request, state).await?;
        let Object(value): Object<T> =
            serde_json::from_slice(&body).map_err(|e| Error::json(&body, e))?;
        value.validate()?;
        Ok(Self(value))
    }
}
