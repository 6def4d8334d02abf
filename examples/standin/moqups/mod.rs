//! The Moqups stand-in: a whiteboard application that keeps people, as the vendor's own API is not public.
//!
//! Its database schema is `schema.sql` beside this file; one SQLite file holds all of it.
//!
//! Every call below `/api/v1` carries `X-Api-Key`; bodies are JSON in an envelope, `{"person": {…}}`:
//!
//! | call | answer |
//! |---|---|
//! | `POST /api/v1/people` | 201 `{"person": {…}}` |
//! | `GET /api/v1/people/{id}` | 200 `{"person": {…}}` |
//! | `PATCH /api/v1/people/{id}` | 200 `{"person": {…}}`; merges, `null` clears |
//! | `DELETE /api/v1/people/{id}` | 204 |
//! | `GET /api/v1/people?offset=0&limit=50` | 200 `{"people": [{…}], "count": N}`; at most 100, oldest first |
//! | `GET /api/v1/people?login=mo@contoso.test` | the same, one or none; any case |
//!
//! A person: `id` (`"p_8f3a…"`), `login`, `fullName`, `email`, `displayName`, `enabled` (`"yes"` or `"no"`), `avatarColour`,
//! `createdAt`, `updatedAt`. Errors: `{"error": {"code": "login_taken", "message": "…"}}` with 400 `bad_json`, 401
//! `bad_api_key`, 404 `not_found`, 405 `bad_method`, 409 `login_taken`, 422 `invalid` and a list of `problems`.

mod api;
mod people;
mod person;
#[cfg(test)]
pub mod tests;

use std::path::Path;

use tokio::net::TcpListener;

use super::{Controls, StandinError, server};

/// Serves the product on `listener` until [`Controls::stop`]; makes the database file if there is none.
pub async fn serve(
    listener: TcpListener,
    database: &Path,
    api_key: &str,
    controls: Controls,
) -> Result<(), StandinError> {
    let product = api::Moqups { people: people::People::open(database)?, api_key: api_key.to_owned() };
    Ok(server::run(listener, product, controls).await?)
}
