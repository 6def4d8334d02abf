//! Bulk requests: each operation in turn, those that others refer to first.

use crate::engine::OperationError;
use crate::scim::bulk::{self, Bulk, BulkOperation};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::version::Condition;
use crate::server::operations::Asked;
use crate::server::pipeline::Call;
use crate::server::respond::{Reply, plain, told};
use crate::server::route::{Parameters, Place};
use http::header::{ETAG, LOCATION};
use http::{HeaderName, Method, StatusCode};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A bulk request on its way.
struct Progress<'a> {
    bulk: &'a Bulk,
    /// What each operation came to, in the order sent; `None`: not yet, or never tried.
    done: Vec<Option<Value>>,
    /// The ids that bulkIds became.
    ids: HashMap<String, String>,
    /// Operations that were made without references that did not exist yet.
    unfinished: Vec<usize>,
    errors: u64,
}

impl Call {
    /// Carries out a bulk request (RFC 7644 §3.7). Operations on resources of one kind of trouble do not stop the others, unless the
    /// client says after how many errors to stop.
    pub(super) async fn bulk(&self, document: &Value) -> Result<Reply, OperationError> {
        let bulk = Bulk::decode(document)?;
        let done = vec![None; bulk.operations.len()];
        let mut progress = Progress { bulk: &bulk, done, ids: HashMap::new(), unfinished: Vec::new(), errors: 0 };
        while let Some((at, operation)) = progress.next() {
            let reply = self.part(&operation).await;
            progress.note(at, reply);
        }
        for at in std::mem::take(&mut progress.unfinished) {
            self.finish(at, &mut progress).await;
        }
        let operations: Vec<Value> = progress.done.into_iter().flatten().collect();
        Ok(Reply::document(StatusCode::OK, bulk::response(&operations)))
    }

    async fn part(&self, operation: &BulkOperation) -> Reply {
        match self.asked(operation) {
            // A part of a bulk request is a whole request otherwise; only the recursion must be boxed.
            Ok(asked) => Box::pin(self.operate(asked)).await.unwrap_or_else(|error| self.failed(&error)),
            Err(error) => Reply::error(&error, "client_error"),
        }
    }

    fn asked(&self, operation: &BulkOperation) -> Result<Asked, ScimError> {
        let (path, query) =
            operation.path.split_once('?').map_or((operation.path.as_str(), None), |(path, query)| (path, Some(query)));
        let place = Place::below_base(path).ok_or_else(|| plain(404, "there is nothing at this path"))?;
        let fits = match &place {
            Place::Resources(_) => operation.method == Method::POST,
            Place::Resource(..) => operation.method != Method::POST,
            _ => false,
        };
        if !fits {
            return Err(plain(405, format!("{} cannot be asked of this path", operation.method)));
        }
        let condition = Condition::of(operation.version.as_deref(), None);
        let document = operation.data.clone();
        Ok(Asked { method: operation.method.clone(), place, parameters: Parameters::parse(query), document, condition })
    }

    /// Lays the references over what was made without them. The client hears of the one resource as made, and of what is missing.
    async fn finish(&self, at: usize, progress: &mut Progress<'_>) {
        let operation = &progress.bulk.operations[at];
        let id = operation.bulk_id.as_ref().and_then(|bulk_id| progress.ids.get(bulk_id));
        let Some(id) = id else { return };
        let whole = operation.resolved(&progress.ids);
        let lost = whole.references().first().map(|reference| unresolved(reference));
        let reply = match lost {
            Some(error) => Reply::error(&error, "client_error"),
            None if progress.is_over() => Reply::error(
                &plain(400, "it was made without its references: too many errors came first"),
                "client_error",
            ),
            None => {
                let path = format!("{}/{}", whole.path, bulk::in_path(id));
                self.part(&BulkOperation { method: Method::PUT, path, version: None, ..whole }).await
            }
        };
        progress.amend(at, reply);
    }
}

impl Progress<'_> {
    /// The first operation whose references all exist. Where only a circle is left, one of it without its references.
    fn next(&mut self) -> Option<(usize, BulkOperation)> {
        loop {
            if self.is_over() {
                return None;
            }
            let waiting: Vec<usize> = (0..self.done.len()).filter(|at| self.done[*at].is_none()).collect();
            let operation = |at: usize| self.bulk.operations[at].resolved(&self.ids);
            if let Some(at) = waiting.iter().copied().find(|at| !self.bulk.operations[*at].waits(&self.ids)) {
                return Some((at, operation(at)));
            }
            let lost = |at: &usize| {
                let references = self.bulk.operations[*at].references();
                let open = references.into_iter().find(|id| !self.ids.contains_key(*id) && !self.will_exist(id));
                open.map(|reference| (*at, reference.to_owned()))
            };
            if let Some((at, reference)) = waiting.iter().find_map(lost) {
                self.note(at, Reply::error(&unresolved(&reference), "client_error"));
                continue;
            }
            let at = waiting.into_iter().find(|at| self.bulk.operations[*at].method == Method::POST)?;
            self.unfinished.push(at);
            return Some((at, operation(at).without_references()));
        }
    }

    fn is_over(&self) -> bool {
        self.bulk.fail_on_errors.is_some_and(|most| self.errors >= most)
    }

    /// Is there an operation still to come that makes what this bulkId names?
    fn will_exist(&self, bulk_id: &str) -> bool {
        let makes = |operation: &BulkOperation| {
            operation.method == Method::POST && operation.bulk_id.as_deref() == Some(bulk_id)
        };
        self.bulk.operations.iter().zip(&self.done).any(|(operation, done)| makes(operation) && done.is_none())
    }

    fn note(&mut self, at: usize, reply: Reply) {
        let operation = &self.bulk.operations[at];
        let (head, status) = (reply.response.headers(), reply.response.status());
        let header = |name: &HeaderName| head.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut result = Map::new();
        let mut say = |name: &str, value: Option<Value>| result.extend(value.map(|value| (name.to_owned(), value)));
        say("method", Some(operation.method.as_str().into()));
        say("bulkId", operation.bulk_id.clone().map(Value::from));
        say("version", header(&ETAG).map(Value::from));
        say("location", header(&LOCATION).map(Value::from));
        say("status", Some(status.as_u16().to_string().into()));
        if status.is_client_error() || status.is_server_error() {
            self.errors += 1;
            say("response", Some(reply.document));
        } else if let (Some(bulk_id), Some(id)) = (&operation.bulk_id, reply.document.get("id").and_then(Value::as_str))
        {
            self.ids.insert(bulk_id.clone(), id.to_owned());
        }
        self.done[at] = Some(Value::Object(result));
    }
}

impl Progress<'_> {
    /// A second look at what was made: its version is another one now, or something of it is missing.
    fn amend(&mut self, at: usize, reply: Reply) {
        let Some(Value::Object(result)) = self.done[at].as_mut() else { return };
        let status = reply.response.status();
        if status.is_client_error() || status.is_server_error() {
            self.errors += 1;
            result.insert("status".into(), status.as_u16().to_string().into());
            result.insert("response".into(), reply.document);
        } else if let Some(version) = reply.response.headers().get(ETAG).and_then(|version| version.to_str().ok()) {
            result.insert("version".into(), version.into());
        }
    }
}

fn unresolved(bulk_id: &str) -> ScimError {
    let error = OperationError::Scim(ScimError::bad_request(
        ScimType::InvalidValue,
        format!("the bulkId `{bulk_id}` stands for nothing that was made"),
    ));
    told(&error)
}
