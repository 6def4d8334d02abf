//! The intranet stand-in's HTTP API: routes, envelopes, and errors that look like success.

use bytes::Bytes;
use hyper::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::super::server::{self, Call, Product};
use super::employee::Employee;
use super::{Page, Problem, Store, circles, employees};

/// More is cut off, and nobody is told.
const LARGEST_PAGE: u64 = 50;

/// The product and the one token that opens it.
pub struct Intranet {
    pub store: Store,
    pub api_key: String,
}

/// How much of a create is done.
#[derive(Clone, Copy, PartialEq)]
enum Extent {
    Whole,
    Half,
}

impl Product for Intranet {
    fn route(&self, method: &Method, path: &str) -> &'static str {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["api", "employees"]) => "GET /api/employees",
            ("POST", ["api", "employees"]) => "POST /api/employees",
            ("GET", ["api", "employees", _]) => "GET /api/employees/{id}",
            ("PUT", ["api", "employees", _]) => "PUT /api/employees/{id}",
            ("DELETE", ["api", "employees", _]) => "DELETE /api/employees/{id}",
            ("PUT", ["api", "employees", _, "password"]) => "PUT /api/employees/{id}/password",
            ("GET", ["api", "circles"]) => "GET /api/circles",
            ("POST", ["api", "circles"]) => "POST /api/circles",
            ("GET", ["api", "circles", _]) => "GET /api/circles/{id}",
            ("PUT", ["api", "circles", _]) => "PUT /api/circles/{id}",
            ("DELETE", ["api", "circles", _]) => "DELETE /api/circles/{id}",
            ("PUT", ["api", "circles", _, "people", _]) => "PUT /api/circles/{id}/people/{id}",
            ("DELETE", ["api", "circles", _, "people", _]) => "DELETE /api/circles/{id}/people/{id}",
            _ => "other",
        }
    }

    fn answer(&self, call: &Call) -> Response<Bytes> {
        self.respond(call, Extent::Whole)
    }

    fn answer_half(&self, call: &Call) -> Response<Bytes> {
        self.respond(call, Extent::Half)
    }
}

impl Intranet {
    fn respond(&self, call: &Call, extent: Extent) -> Response<Bytes> {
        let document = self.work(call, extent).unwrap_or_else(|problem| problem.document());
        server::json(StatusCode::OK, &document)
    }

    fn work(&self, call: &Call, extent: Extent) -> Result<Value, Problem> {
        if call.headers.get("X-Intranet-Token").is_none_or(|token| token.as_bytes() != self.api_key.as_bytes()) {
            return Err(Problem::BadToken);
        }
        let parts: Vec<&str> = call.path.trim_start_matches('/').split('/').collect();
        match (call.method.as_str(), parts.as_slice()) {
            (_, ["api", "employees", rest @ ..]) => self.employees(call, rest, extent),
            (_, ["api", "circles", rest @ ..]) => self.circles(call, rest),
            _ => Err(Problem::NoSuchCall),
        }
    }

    fn employees(&self, call: &Call, rest: &[&str], extent: Extent) -> Result<Value, Problem> {
        let body = || fields(&call.body, "employee").and_then(|fields| Employee::read(&fields));
        self.store.change(|database| match (call.method.as_str(), rest) {
            ("GET", []) => match parameter(call, "log_in") {
                Some(log_in) => {
                    let found = employees::by_log_in(database, &log_in)?;
                    Ok(json!({ "ok": true, "total": found.len(), "employees": found }))
                }
                None => {
                    let (found, total) = employees::page(database, &page(call)?)?;
                    Ok(json!({ "ok": true, "total": total, "employees": found }))
                }
            },
            ("POST", []) => {
                let employee = body()?;
                let id = employees::insert(database, &employee)?;
                if extent == Extent::Whole {
                    employees::fill(database, id, &employee)?;
                }
                Ok(json!({ "ok": true, "id": id }))
            }
            ("GET", [id]) => Ok(json!({ "ok": true, "employee": employees::read(database, number(id)?)? })),
            ("PUT", [id]) => {
                let (id, employee) = (number(id)?, body()?);
                employees::replace(database, id, &employee)?;
                employees::fill(database, id, &employee)?;
                Ok(json!({ "ok": true }))
            }
            ("PUT", [id, "password"]) => {
                let password = document(&call.body)?.get("password").and_then(Value::as_str).map(str::to_owned);
                let password = password.ok_or_else(|| Problem::Invalid("password must be a text".to_owned()))?;
                employees::set_password(database, number(id)?, &password)?;
                Ok(json!({ "ok": true }))
            }
            ("DELETE", [id]) => employees::delete(database, number(id)?).map(|()| json!({ "ok": true })),
            _ => Err(Problem::NoSuchCall),
        })
    }

    fn circles(&self, call: &Call, rest: &[&str]) -> Result<Value, Problem> {
        let done = |()| json!({ "ok": true });
        self.store.change(|database| match (call.method.as_str(), rest) {
            ("GET", []) => {
                let (found, total) = circles::page(database, &page(call)?)?;
                Ok(json!({ "ok": true, "total": total, "circles": found }))
            }
            ("POST", []) => {
                let id = circles::insert(database, circles::title(&fields(&call.body, "circle")?)?)?;
                Ok(json!({ "ok": true, "id": id }))
            }
            ("GET", [id]) => Ok(json!({ "ok": true, "circle": circles::read(database, number(id)?)? })),
            ("PUT", [id]) => {
                let fields = fields(&call.body, "circle")?;
                circles::replace(database, number(id)?, circles::title(&fields)?).map(done)
            }
            ("DELETE", [id]) => circles::delete(database, number(id)?).map(done),
            ("PUT", [id, "people", who]) => circles::add(database, number(id)?, number(who)?).map(done),
            ("DELETE", [id, "people", who]) => circles::remove(database, number(id)?, number(who)?).map(done),
            _ => Err(Problem::NoSuchCall),
        })
    }
}

fn parameter(call: &Call, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(call.query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn page(call: &Call) -> Result<Page, Problem> {
    let number = |name, default| {
        let given = parameter(call, name).map_or(Ok(default), |text| text.parse::<u64>());
        given.map_err(|_| Problem::Invalid(format!("{name} must be a number")))
    };
    Ok(Page { number: number("page", 1)?.max(1), size: number("size", 20)?.min(LARGEST_PAGE) })
}

/// An id that is no number is nobody's.
fn number(id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| Problem::Absent)
}

fn document(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Problem::BadJson),
    }
}

fn fields(body: &[u8], envelope: &str) -> Result<Map<String, Value>, Problem> {
    match document(body)?.remove(envelope) {
        Some(Value::Object(fields)) => Ok(fields),
        _ => Err(Problem::Invalid(format!("{envelope} is missing"))),
    }
}

impl Problem {
    fn document(self) -> Value {
        let (code, text) = match self {
            Self::Absent => (4, "there is nothing here".to_owned()),
            Self::LogInTaken => (17, "this log-in is taken".to_owned()),
            Self::Invalid(text) => (21, text),
            Self::ReadOnly(text) => (22, text),
            Self::NoSuchEmployee => (23, "there is no such employee".to_owned()),
            Self::BadToken => (90, "this token opens nothing".to_owned()),
            Self::BadJson => (91, "this is no JSON object".to_owned()),
            Self::NoSuchCall => (92, "there is no such call".to_owned()),
            Self::Broken(cause) => (99, cause.to_string()),
        };
        json!({ "ok": false, "error": { "code": code, "text": text } })
    }
}
