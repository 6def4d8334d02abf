//! The Moqups stand-in's HTTP API: routes, envelope, errors.

use bytes::Bytes;
use hyper::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::super::server::{self, Call, Product};
use super::people::{People, Refused};
use super::person::Person;

const COLLECTION: &str = "/api/v1/people";
const DEFAULT_LIMIT: u64 = 50;
const LONGEST_PAGE: u64 = 100;

/// The product: its people and the one key that opens it.
pub struct Moqups {
    pub people: People,
    pub api_key: String,
}

/// Everything the API says no with.
enum Failure {
    BadKey,
    BadJson(String),
    NotFound,
    BadMethod(&'static str),
    LoginTaken,
    Invalid(Vec<String>),
    Broken(rusqlite::Error),
}

impl Product for Moqups {
    fn route(&self, method: &Method, path: &str) -> &'static str {
        match (method.as_str(), place(path)) {
            ("GET", Place::Collection) => "GET /api/v1/people",
            ("POST", Place::Collection) => "POST /api/v1/people",
            ("GET", Place::Person(_)) => "GET /api/v1/people/{id}",
            ("PATCH", Place::Person(_)) => "PATCH /api/v1/people/{id}",
            ("DELETE", Place::Person(_)) => "DELETE /api/v1/people/{id}",
            _ => "other",
        }
    }

    fn answer(&self, call: &Call) -> Response<Bytes> {
        self.respond(call).unwrap_or_else(Failure::answer)
    }
}

impl Moqups {
    fn respond(&self, call: &Call) -> Result<Response<Bytes>, Failure> {
        if call.headers.get("X-Api-Key").is_none_or(|key| key.as_bytes() != self.api_key.as_bytes()) {
            return Err(Failure::BadKey);
        }
        match (call.method.as_str(), place(&call.path)) {
            ("GET", Place::Collection) => self.list(&call.query),
            ("POST", Place::Collection) => self.create(&call.body),
            ("GET", Place::Person(id)) => found(StatusCode::OK, self.people.read(id)?),
            ("PATCH", Place::Person(id)) => self.change(id, &call.body),
            ("DELETE", Place::Person(id)) => self.delete(id),
            (_, Place::Collection) => Err(Failure::BadMethod("GET, POST")),
            (_, Place::Person(_)) => Err(Failure::BadMethod("GET, PATCH, DELETE")),
            (_, Place::Nowhere) => Err(Failure::NotFound),
        }
    }

    fn list(&self, query: &str) -> Result<Response<Bytes>, Failure> {
        let value =
            |name| form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value);
        if let Some(login) = value("login") {
            let people: Vec<Person> = self.people.by_login(&login)?.into_iter().collect();
            return Ok(page(&people, people.len() as u64));
        }
        let offset = number("offset", value("offset").as_deref(), 0)?;
        let limit = number("limit", value("limit").as_deref(), DEFAULT_LIMIT)?;
        let (people, count) = self.people.page(offset, limit.min(LONGEST_PAGE))?;
        Ok(page(&people, count))
    }

    fn create(&self, body: &[u8]) -> Result<Response<Bytes>, Failure> {
        let person = Person::new(&unwrap_envelope(body)?).map_err(Failure::Invalid)?;
        found(StatusCode::CREATED, Some(self.people.create(&person)?))
    }

    fn change(&self, id: &str, body: &[u8]) -> Result<Response<Bytes>, Failure> {
        let fields = unwrap_envelope(body)?;
        found(StatusCode::OK, self.people.change(id, |person| person.merge(&fields).map_err(Failure::Invalid))?)
    }

    fn delete(&self, id: &str) -> Result<Response<Bytes>, Failure> {
        if self.people.delete(id)? { Ok(server::empty(StatusCode::NO_CONTENT)) } else { Err(Failure::NotFound) }
    }
}

enum Place<'a> {
    Collection,
    Person(&'a str),
    Nowhere,
}

fn place(path: &str) -> Place<'_> {
    match path.strip_prefix(COLLECTION).map(|rest| rest.strip_prefix('/').ok_or(rest)) {
        Some(Err("")) => Place::Collection,
        // Ids are plain letters and digits: anything encoded is none of ours and simply not found.
        Some(Ok(id)) if !id.is_empty() && !id.contains('/') => Place::Person(id),
        _ => Place::Nowhere,
    }
}

fn unwrap_envelope(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    match serde_json::from_slice(body).map_err(|cause| Failure::BadJson(cause.to_string()))? {
        Value::Object(mut envelope) => match envelope.remove("person") {
            Some(Value::Object(person)) => Ok(person),
            _ => Err(Failure::Invalid(vec!["person is missing".to_owned()])),
        },
        _ => Err(Failure::Invalid(vec!["person is missing".to_owned()])),
    }
}

fn number(name: &str, text: Option<&str>, default: u64) -> Result<u64, Failure> {
    text.map_or(Ok(default), str::parse).map_err(|_| Failure::Invalid(vec![format!("{name} must be a number")]))
}

fn found(status: StatusCode, person: Option<Person>) -> Result<Response<Bytes>, Failure> {
    let person = person.ok_or(Failure::NotFound)?;
    Ok(server::json(status, &json!({ "person": person.to_json() })))
}

fn page(people: &[Person], count: u64) -> Response<Bytes> {
    let people: Vec<Value> = people.iter().map(Person::to_json).collect();
    server::json(StatusCode::OK, &json!({ "people": people, "count": count }))
}

impl From<rusqlite::Error> for Failure {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Broken(cause)
    }
}

impl From<Refused> for Failure {
    fn from(cause: Refused) -> Self {
        match cause {
            Refused::LoginTaken => Self::LoginTaken,
            Refused::Database(cause) => Self::Broken(cause),
        }
    }
}

impl Failure {
    fn answer(self) -> Response<Bytes> {
        let error = |code: &str, message: &str| json!({ "error": { "code": code, "message": message } });
        match self {
            Self::BadKey => server::json(StatusCode::UNAUTHORIZED, &error("bad_api_key", "this API key opens nothing")),
            Self::BadJson(cause) => server::json(StatusCode::BAD_REQUEST, &error("bad_json", &cause)),
            Self::NotFound => server::json(StatusCode::NOT_FOUND, &error("not_found", "there is nothing here")),
            Self::BadMethod(allowed) => server::wrong_method(allowed, &error("bad_method", "not that way")),
            Self::LoginTaken => server::json(StatusCode::CONFLICT, &error("login_taken", "this log-in is taken")),
            Self::Invalid(problems) => {
                let mut body = error("invalid", "the person was not accepted");
                body["error"]["problems"] = json!(problems);
                server::json(StatusCode::UNPROCESSABLE_ENTITY, &body)
            }
            Self::Broken(cause) => {
                server::json(StatusCode::INTERNAL_SERVER_ERROR, &error("broken", &cause.to_string()))
            }
        }
    }
}
