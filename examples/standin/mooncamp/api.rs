//! The Mooncamp stand-in's HTTP API: routes, envelope, errors.

use bytes::Bytes;
use hyper::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::super::server::{self, Call, Product};
use super::member::Change;
use super::teams::Team;
use super::{Extent, Page, Problem, Store, members, teams};

const DEFAULT_LIMIT: i64 = 50;
const LARGEST_LIMIT: i64 = 100;

/// The product and the one token that opens it.
pub struct Mooncamp {
    pub store: Store,
    pub token: String,
}

impl Product for Mooncamp {
    fn route(&self, method: &Method, path: &str) -> &'static str {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["v1", "members"]) => "GET /v1/members",
            ("POST", ["v1", "members"]) => "POST /v1/members",
            ("GET", ["v1", "members", _]) => "GET /v1/members/{id}",
            ("PATCH", ["v1", "members", _]) => "PATCH /v1/members/{id}",
            ("DELETE", ["v1", "members", _]) => "DELETE /v1/members/{id}",
            ("GET", ["v1", "teams"]) => "GET /v1/teams",
            ("POST", ["v1", "teams"]) => "POST /v1/teams",
            ("GET", ["v1", "teams", _]) => "GET /v1/teams/{id}",
            ("PUT", ["v1", "teams", _]) => "PUT /v1/teams/{id}",
            ("DELETE", ["v1", "teams", _]) => "DELETE /v1/teams/{id}",
            ("GET", ["v1", "properties"]) => "GET /v1/properties",
            ("POST", ["v1", "properties"]) => "POST /v1/properties",
            _ => "other",
        }
    }

    fn answer(&self, call: &Call) -> Response<Bytes> {
        self.respond(call, Extent::Whole).unwrap_or_else(Problem::answer)
    }

    fn answer_half(&self, call: &Call) -> Response<Bytes> {
        self.respond(call, Extent::Half).unwrap_or_else(Problem::answer)
    }
}

impl Mooncamp {
    fn respond(&self, call: &Call, extent: Extent) -> Result<Response<Bytes>, Problem> {
        if call.headers.get("Authorization").is_none_or(|token| token.as_bytes() != self.token.as_bytes()) {
            return Err(Problem::Unauthorized);
        }
        let parts: Vec<&str> = call.path.trim_start_matches('/').split('/').collect();
        match parts.as_slice() {
            ["v1", "members", rest @ ..] => self.members(call, rest, extent),
            ["v1", "teams", rest @ ..] => self.teams(call, rest, extent),
            ["v1", "properties"] => self.properties(call),
            _ => Err(Problem::NotFound),
        }
    }

    fn members(&self, call: &Call, rest: &[&str], extent: Extent) -> Result<Response<Bytes>, Problem> {
        self.store.change(|database| match (call.method.as_str(), rest) {
            ("GET", []) => match (parameter(call, "login"), parameter(call, "email")) {
                (Some(login), _) => Ok(found(members::matching(database, "login_key", &login)?)),
                (None, Some(email)) => Ok(found(members::matching(database, "lower(email)", &email)?)),
                (None, None) => Ok(listed(members::page(database, &page(call)?)?)),
            },
            ("POST", []) => {
                let id = members::insert(database, &Change::read(&data(&call.body)?)?, extent)?;
                Ok(one(StatusCode::CREATED, &members::read(database, &id)?))
            }
            ("GET", [id]) => Ok(one(StatusCode::OK, &members::read(database, id)?)),
            ("PATCH", [id]) => {
                members::merge(database, id, &Change::read(&data(&call.body)?)?)?;
                Ok(one(StatusCode::OK, &members::read(database, id)?))
            }
            ("DELETE", [id]) => members::delete(database, id).map(|()| server::empty(StatusCode::NO_CONTENT)),
            (_, []) => Err(Problem::BadMethod("GET, POST")),
            (_, [_]) => Err(Problem::BadMethod("GET, PATCH, DELETE")),
            _ => Err(Problem::NotFound),
        })
    }

    fn teams(&self, call: &Call, rest: &[&str], extent: Extent) -> Result<Response<Bytes>, Problem> {
        self.store.change(|database| match (call.method.as_str(), rest) {
            ("GET", []) => match parameter(call, "name") {
                Some(name) => Ok(found(teams::named(database, &name)?)),
                None => Ok(listed(teams::page(database, &page(call)?)?)),
            },
            ("POST", []) => {
                let id = teams::insert(database, &Team::read(&data(&call.body)?)?, extent)?;
                Ok(one(StatusCode::CREATED, &teams::read(database, &id)?))
            }
            ("GET", [id]) => Ok(one(StatusCode::OK, &teams::read(database, id)?)),
            ("PUT", [id]) => {
                teams::replace(database, id, &Team::read(&data(&call.body)?)?)?;
                Ok(one(StatusCode::OK, &teams::read(database, id)?))
            }
            ("DELETE", [id]) => teams::delete(database, id).map(|()| server::empty(StatusCode::NO_CONTENT)),
            (_, []) => Err(Problem::BadMethod("GET, POST")),
            (_, [_]) => Err(Problem::BadMethod("GET, PUT, DELETE")),
            _ => Err(Problem::NotFound),
        })
    }

    fn properties(&self, call: &Call) -> Result<Response<Bytes>, Problem> {
        self.store.change(|database| match call.method.as_str() {
            "GET" => Ok(server::json(StatusCode::OK, &json!({ "data": members::properties(database)? }))),
            "POST" => {
                let fields = data(&call.body)?;
                let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
                let missing = || Problem::Invalid(vec!["key and title are texts".to_owned()]);
                let (key, title) = text("key").zip(text("title")).ok_or_else(missing)?;
                members::define(database, key, title)?;
                Ok(one(StatusCode::CREATED, &json!({ "key": key, "title": title })))
            }
            _ => Err(Problem::BadMethod("GET, POST")),
        })
    }
}

fn parameter(call: &Call, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(call.query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn page(call: &Call) -> Result<Page, Problem> {
    let number = |name, default| {
        let given = parameter(call, name).map_or(Ok(default), |text| text.parse::<i64>());
        given.map_err(|_| Problem::Invalid(vec![format!("{name} must be a number")]))
    };
    Ok(Page { limit: number("limit", DEFAULT_LIMIT)?.clamp(1, LARGEST_LIMIT), after: number("after", 0)? })
}

fn data(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_slice(body).map_err(|_| Problem::BadJson)? {
        Value::Object(mut envelope) => match envelope.remove("data") {
            Some(Value::Object(fields)) => Ok(fields),
            _ => Err(Problem::Invalid(vec!["data is missing".to_owned()])),
        },
        _ => Err(Problem::Invalid(vec!["data is missing".to_owned()])),
    }
}

fn one(status: StatusCode, document: &Value) -> Response<Bytes> {
    server::json(status, &json!({ "data": document }))
}

fn found(all: Vec<Value>) -> Response<Bytes> {
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    listed((all, None, total))
}

fn listed((all, last, total): (Vec<Value>, Option<i64>, i64)) -> Response<Bytes> {
    let next = last.map(|number| number.to_string());
    server::json(StatusCode::OK, &json!({ "data": all, "next": next, "total": total }))
}

impl Problem {
    fn answer(self) -> Response<Bytes> {
        let errors = |code: &str, messages: &[String]| {
            let all: Vec<Value> = messages.iter().map(|text| json!({ "code": code, "message": text })).collect();
            json!({ "errors": all })
        };
        let error = |code: &str, message: &str| errors(code, &[message.to_owned()]);
        match self {
            Self::Unauthorized => {
                server::json(StatusCode::UNAUTHORIZED, &error("unauthorized", "this token opens nothing"))
            }
            Self::BadJson => server::json(StatusCode::BAD_REQUEST, &error("bad_json", "this is no JSON")),
            Self::NotFound => server::json(StatusCode::NOT_FOUND, &error("not_found", "there is nothing here")),
            Self::BadMethod(allowed) => server::wrong_method(allowed, &error("bad_method", "not that way")),
            Self::LoginTaken => server::json(StatusCode::CONFLICT, &error("login_taken", "this log-in is taken")),
            Self::NameTaken => server::json(StatusCode::CONFLICT, &error("name_taken", "this name is taken")),
            Self::Invalid(problems) => server::json(StatusCode::UNPROCESSABLE_ENTITY, &errors("invalid", &problems)),
            Self::UnknownProperty(key) => {
                let message = format!("this workspace has no property {key}");
                server::json(StatusCode::UNPROCESSABLE_ENTITY, &error("unknown_property", &message))
            }
            Self::UnknownMember(id) => {
                let message = format!("there is no member {id}");
                server::json(StatusCode::UNPROCESSABLE_ENTITY, &error("unknown_member", &message))
            }
            Self::Broken(cause) => {
                server::json(StatusCode::INTERNAL_SERVER_ERROR, &error("broken", &cause.to_string()))
            }
        }
    }
}
