//! `transom explain`: the calls that a SCIM request becomes, with the mapping line behind each field. Makes none of them.

use crate::cli::rehearsal::{Accounts, Rehearsal, Setting, TARGET, in_url};
use crate::cli::{Ended, Failure, check};
use crate::engine::explain::{self, Explained, Given, Known};
use crate::engine::{Walked, Work};
use crate::gateway::{LoadError, PatchAnswer, load};
use crate::mapping::{Mapping, TestCase};
use crate::plan;
use crate::scim::filter::Filter;
use crate::scim::resource::{self, JsonLimits, parse_json};
use crate::scim::{error::ScimError, patch};
use crate::server::respond::told;
use crate::server::route::{Parameters, Place, Route};
use crate::target::Budget;
use http::Method;
use serde_json::{Map, Value};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Explain a SCIM request.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The mapping file
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// The request line, such as 'PATCH /Users/7'
    #[arg(long, value_name = "REQUEST")]
    request: String,
    /// The request's body, as JSON; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// The account as the product holds it, as JSON; without it, what depends on it stays open. Needed where keys are not
    /// `stable`
    #[arg(long, value_name = "FILE")]
    account: Option<PathBuf>,
    /// What a PATCH answers; as in transom.yaml, of a user the resource and of a group nothing if not given
    #[arg(long, value_enum, value_name = "ANSWER")]
    patch_answer: Option<Answer>,
}

/// What a PATCH answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Answer {
    /// 200 and the resource
    Resource,
    /// 204
    None,
}

/// Explains the request.
///
/// # Errors
/// A file cannot be read; the mapping does not compile; the request is none.
pub async fn run(arguments: &Arguments, out: &mut impl Write) -> Result<Ended, Failure> {
    let mapping = match load(&arguments.mapping) {
        Ok(compiled) => Arc::new(compiled.mapping),
        Err(LoadError::Wrong(diagnostics)) => {
            write!(out, "{}", diagnostics.render(check::look()))?;
            return Ok(Ended::Failed);
        }
        Err(error) => return Err(error.into()),
    };
    let request = Request::read(arguments)?;
    let work = stage(&mapping, &request).await?;
    request.check_known(&work)?;
    match request.explain(&work, arguments).await {
        Ok(explained) => {
            writeln!(out, "{}\n", arguments.request)?;
            write!(out, "{}", plan::print(&mapping, &explained.steps))?;
            explained.notes.iter().try_for_each(|note| writeln!(out, "\nnote: {note}"))?;
            Ok(Ended::Well)
        }
        Err(error) => {
            let error = told(&error);
            writeln!(out, "{}\n\nanswered at once: {} {}", arguments.request, error.status, error.detail)?;
            Ok(Ended::Wrong)
        }
    }
}

struct Request {
    method: Method,
    endpoint: String,
    id: Option<String>,
    parameters: Parameters,
    body: Value,
    account: Option<Value>,
}

impl Request {
    fn read(arguments: &Arguments) -> Result<Request, Failure> {
        let (method, path) =
            arguments.request.trim().split_once(' ').ok_or("--request wants a method and a path: 'PATCH /Users/7'")?;
        let uri: http::Uri = format!("/{TARGET}/scim/v2{}", in_url(path.trim())).parse()?;
        let method: Method = method.to_ascii_uppercase().parse()?;
        let place = Route::parse(uri.path()).and_then(|route| route.place);
        if let Some(methods) = place.as_ref().map(Place::methods).filter(|methods| !methods.contains(&method)) {
            let methods = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
            return Err(format!("{path} takes {methods}, not {method}").into());
        }
        if arguments.body.is_none() && ![Method::GET, Method::DELETE].contains(&method) {
            return Err(
                format!("a {method} has a body; give it with --body FILE, or --body - to read standard input").into()
            );
        }
        let (endpoint, id) = match place {
            Some(Place::Resources(endpoint)) => (endpoint, None),
            Some(Place::Resource(endpoint, id)) => (endpoint, Some(id)),
            _ => return Err("--request wants /Users or /Groups, or one of them: /Users/7".into()),
        };
        let json = |path: &PathBuf| -> Result<Value, Failure> {
            let bytes = bytes(path).map_err(|cause| format!("{}: cannot be read: {cause}", path.display()))?;
            parse_json(&bytes, JsonLimits::default())
                .map_err(|error| format!("{}: {}", path.display(), error.detail).into())
        };
        let body = arguments.body.as_ref().map(json).transpose()?.unwrap_or(Value::Null);
        let account = arguments.account.as_ref().map(json).transpose()?;
        Ok(Request { method, endpoint, id, parameters: Parameters::parse(uri.query()), body, account })
    }

    /// Ids of accounts whose key may change are the gateway's own, and tell nothing of the key.
    fn check_known(&self, work: &Work) -> Result<(), Failure> {
        let kind = work.kind();
        match &self.id {
            Some(id) if self.account.is_none() && !kind.key.stable && kind.fixed.is_none() => Err(format!(
                "the key of a {} of this mapping is not `stable`, so its id does not tell it: give the account {id:?} as the product holds it, with --account FILE",
                kind.kind.name
            )
            .into()),
            _ => Ok(()),
        }
    }

    async fn explain(&self, work: &Work, arguments: &Arguments) -> Result<Explained, crate::engine::OperationError> {
        let kind = &work.kind().kind;
        let answer = match arguments.patch_answer {
            Some(Answer::Resource) => PatchAnswer::Resource,
            Some(Answer::None) => PatchAnswer::None,
            None if &*kind.name == "Group" => PatchAnswer::None,
            None => PatchAnswer::Resource,
        };
        let known = Known { account: if self.account.is_some() { Given::Account } else { Given::Nothing }, answer };
        match (&self.method, &self.id) {
            (&Method::GET, Some(id)) => explain::read(work, id),
            (&Method::DELETE, Some(id)) => explain::delete(work, id, known.account).await,
            (&Method::PATCH, Some(id)) => {
                explain::patch(work, id, patch::decode(&self.body, kind)?.operations, known).await
            }
            (&Method::PUT, Some(id)) => {
                let known = Known { answer: PatchAnswer::Resource, ..known };
                explain::replace(work, id, resource::decode(&self.body, kind)?.resource, known).await
            }
            (&Method::POST, None) => explain::create(work, &resource::decode(&self.body, kind)?.resource),
            (&Method::GET, None) => {
                let filter = self
                    .parameters
                    .value("filter")
                    .map(|text| Filter::parse(text, kind))
                    .transpose()
                    .map_err(ScimError::from)?;
                explain::search(work, filter.as_ref())
            }
            _ => Err(crate::engine::OperationError::NotOffered("this method here")),
        }
    }
}

fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(path)
}

/// A gateway over a product that holds nothing but the account given.
async fn stage(mapping: &Arc<Mapping>, request: &Request) -> Result<Work, Failure> {
    let place = mapping
        .types
        .iter()
        .position(|one| one.kind.endpoint.trim_start_matches('/').eq_ignore_ascii_case(&request.endpoint));
    let kind = place.ok_or_else(|| {
        let offered = mapping.types.iter().map(|one| &*one.kind.endpoint).collect::<Vec<_>>().join(", ");
        format!("this mapping offers no /{}; it offers {offered}", request.endpoint)
    })?;
    let name = mapping.types[kind].kind.name.clone();
    let given =
        request.account.iter().map(|account| (name.clone(), request.id.clone().unwrap_or_default(), account.clone()));
    let test = TestCase {
        name: String::new(),
        line: 0,
        given: given.collect(),
        kept: Vec::new(),
        settings: Vec::new(),
        lookups: Vec::new(),
        request: (String::new(), String::new(), Value::Null),
        calls: None,
        exchange: None,
        answer: Map::new(),
    };
    let product = Arc::new(Accounts::new(mapping.clone(), &test));
    let setting =
        Setting { mapping: mapping.clone(), test: &test, patch_answer: [PatchAnswer::Resource, PatchAnswer::None] };
    let rehearsal = Rehearsal::begin(setting, product).await?;
    let instance = rehearsal.gateway.instances[TARGET].clone();
    let budget = Arc::new(Budget::of(Duration::from_secs(25)));
    Ok(Work { gateway: rehearsal.gateway, instance, kind, budget, condition: None, walked: Walked::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> String {
        let arguments = Arguments {
            mapping: PathBuf::new(),
            request: line.to_owned(),
            body: None,
            account: None,
            patch_answer: None,
        };
        Request::read(&arguments).err().map(|failure| failure.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_request_that_cannot_be_explained_is_told_with_the_way_out() {
        for (line, way_out) in [
            ("PATCH", "'PATCH /Users/7'"),
            ("PATCH /Users/7", "--body FILE"),
            ("POST /Users", "--body FILE"),
            ("FOO /Users/7", "/Users/7 takes GET, HEAD, PUT, PATCH, DELETE, not FOO"),
            ("DELETE /Users", "/Users takes GET, HEAD, POST, not DELETE"),
            ("GET /Schemas", "wants /Users or /Groups"),
        ] {
            assert!(refused(line).contains(way_out), "{line}: {}", refused(line));
        }
        assert_eq!(refused("GET /Users/7"), "");
    }
}
