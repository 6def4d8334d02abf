//! Bulk requests (RFC 7644 §3.7): many operations in one, which may refer to each other's results before these exist.

use super::error::{ScimError, quoted};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};

/// The schema of a bulk answer.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// Operations in one request at most.
pub const MAX_OPERATIONS: usize = 1000;

const REFERENCE: &str = "bulkId:";

/// A bulk request.
#[derive(Debug, Clone, PartialEq)]
pub struct Bulk {
    /// In the order sent.
    pub operations: Vec<BulkOperation>,
    /// After how many errors nothing more is done; `None`: everything is tried.
    pub fail_on_errors: Option<u64>,
}

/// One operation of a bulk request.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkOperation {
    /// POST, PUT, PATCH or DELETE.
    pub method: Method,
    /// Below the base URL: `/Users`, `/Users/7`.
    pub path: String,
    /// The client's name for what a POST makes.
    pub bulk_id: Option<String>,
    /// The version the resource must have.
    pub version: Option<String>,
    /// The body.
    pub data: Value,
}

impl Bulk {
    /// Reads a bulk request.
    ///
    /// # Errors
    /// Not the shape of one; more operations than [`MAX_OPERATIONS`]; a bulkId that stands for two things.
    pub fn decode(body: &Value) -> Result<Bulk, ScimError> {
        let list = field(body, "Operations").and_then(Value::as_array);
        let list = list.ok_or_else(|| ScimError::invalid_syntax("a bulk request has a list `Operations`"))?;
        if list.len() > MAX_OPERATIONS {
            return Err(ScimError::too_large(format!(
                "a bulk request has at most {MAX_OPERATIONS} operations; this one has {}",
                list.len()
            )));
        }
        let operations =
            list.iter().enumerate().map(|(at, one)| BulkOperation::decode(one, at)).collect::<Result<Vec<_>, _>>()?;
        let mut seen = HashSet::new();
        if let Some(twice) = operations.iter().filter_map(|one| one.bulk_id.as_ref()).find(|id| !seen.insert(*id)) {
            return Err(ScimError::invalid_value(format!("the bulkId `{}` stands twice", quoted(twice))));
        }
        let fail_on_errors = field(body, "failOnErrors").and_then(Value::as_u64).filter(|count| *count > 0);
        Ok(Bulk { operations, fail_on_errors })
    }
}

impl BulkOperation {
    fn decode(one: &Value, at: usize) -> Result<BulkOperation, ScimError> {
        let text = |name: &str| field(one, name).and_then(Value::as_str).map(str::to_owned);
        let wrong = |what: &str| ScimError::invalid_syntax(format!("Operations[{at}]: {what}"));
        let method = match text("method").map(|method| method.to_ascii_uppercase()).as_deref() {
            Some("POST") => Method::POST,
            Some("PUT") => Method::PUT,
            Some("PATCH") => Method::PATCH,
            Some("DELETE") => Method::DELETE,
            _ => return Err(wrong("`method` is one of POST, PUT, PATCH and DELETE")),
        };
        let path = text("path")
            .filter(|path| path.starts_with('/'))
            .ok_or_else(|| wrong("`path` begins with a slash, such as `/Users`"))?;
        let bulk_id = text("bulkId").filter(|id| !id.is_empty());
        if method == Method::POST && bulk_id.is_none() {
            return Err(wrong("a POST names what it makes by a `bulkId`"));
        }
        let data = field(one, "data").cloned().unwrap_or(Value::Null);
        if method != Method::DELETE && !data.is_object() {
            return Err(wrong("`data` is missing"));
        }
        Ok(BulkOperation { method, path, bulk_id, version: text("version"), data })
    }

    /// The bulkIds that it refers to, in its data or path.
    pub fn references(&self) -> Vec<&str> {
        let mut found = Vec::new();
        collect(&self.data, &mut found);
        found.extend(self.path.split('/').filter_map(|segment| segment.strip_prefix(REFERENCE)));
        found
    }

    /// Does it still refer to a bulkId that is not known?
    pub fn waits(&self, ids: &HashMap<String, String>) -> bool {
        self.references().into_iter().any(|reference| !ids.contains_key(reference))
    }

    /// The same with every known bulkId replaced by the id that it became.
    pub fn resolved(&self, ids: &HashMap<String, String>) -> BulkOperation {
        let known = |segment: &str| ids.get(segment.strip_prefix(REFERENCE)?);
        let segment = |segment: &str| known(segment).map_or_else(|| segment.to_owned(), |id| in_path(id));
        let path = self.path.split('/').map(segment).collect::<Vec<_>>().join("/");
        BulkOperation { path, data: replaced(&self.data, ids), ..self.clone() }
    }

    /// The same without what still refers to a bulkId, so that one of a circle of references can be made first.
    pub fn without_references(&self) -> BulkOperation {
        BulkOperation { data: stripped(&self.data).unwrap_or_else(|| Value::Object(Map::new())), ..self.clone() }
    }
}

/// An id as one segment of a path.
pub fn in_path(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()
}

/// The answer to a bulk request.
pub fn response(operations: &[Value]) -> Value {
    json!({ "schemas": [BULK_RESPONSE], "Operations": operations })
}

fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.as_object()?.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn collect<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.extend(text.strip_prefix(REFERENCE)),
        Value::Array(list) => list.iter().for_each(|one| collect(one, found)),
        Value::Object(fields) => fields.values().for_each(|one| collect(one, found)),
        _ => {}
    }
}

fn replaced(value: &Value, ids: &HashMap<String, String>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(REFERENCE).and_then(|id| ids.get(id)) {
            Some(id) => Value::from(id.as_str()),
            None => value.clone(),
        },
        Value::Array(list) => list.iter().map(|one| replaced(one, ids)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, one)| (name.clone(), replaced(one, ids))).collect())
        }
        other => other.clone(),
    }
}

/// An element that refers goes as a whole: half of a reference means nothing.
fn stripped(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if text.starts_with(REFERENCE) => None,
        Value::Array(list) => Some(list.iter().filter_map(stripped).collect()),
        Value::Object(fields) => {
            let refers = fields.values().any(|one| one.as_str().is_some_and(|text| text.starts_with(REFERENCE)));
            let kept = || fields.iter().filter_map(|(name, one)| Some((name.clone(), stripped(one)?)));
            (!refers).then(|| Value::Object(kept().collect()))
        }
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> BulkOperation {
        let data = json!({"displayName": "g", "members": [{"value": "bulkId:a", "type": "User"}, {"value": "7"}]});
        BulkOperation { method: Method::POST, path: "/Groups".into(), bulk_id: Some("g".into()), version: None, data }
    }

    #[test]
    fn references_are_found_replaced_and_stripped() {
        let ids = HashMap::from([("a".to_owned(), "42".to_owned())]);
        assert_eq!(group().references(), ["a"]);
        assert_eq!(group().resolved(&ids).data["members"][0]["value"], "42");
        assert_eq!(group().without_references().data["members"], json!([{"value": "7"}]));
        let patch = BulkOperation { path: "/Groups/bulkId:a".into(), data: json!({}), ..group() };
        assert_eq!(patch.resolved(&ids).path, "/Groups/42");
        let odd = HashMap::from([("a".to_owned(), "50%41/x?".to_owned())]);
        assert_eq!(patch.resolved(&odd).path, "/Groups/50%2541%2Fx%3F");
    }

    #[test]
    fn a_request_is_read_and_its_mistakes_named() {
        let bulk = |operations: Value| Bulk::decode(&json!({"Operations": operations, "failOnErrors": 1}));
        let post = json!({"method": "post", "path": "/Users", "bulkId": "a", "data": {}});
        assert_eq!(bulk(json!([post])).unwrap().fail_on_errors, Some(1));
        assert!(bulk(json!([post, post])).unwrap_err().detail.contains("twice"));
        assert!(bulk(json!([{"method": "GET", "path": "/Users"}])).unwrap_err().detail.contains("Operations[0]"));
        assert!(bulk(json!([{"method": "POST", "path": "/Users", "data": {}}])).unwrap_err().detail.contains("bulkId"));
        assert_eq!(bulk(json!(vec![post; MAX_OPERATIONS + 1])).unwrap_err().status, 413);
        assert!(Bulk::decode(&json!({})).is_err());
    }
}
