//! `oauth2:` — a token that the gateway gets and renews: a lookup that the mapping need not write.

use super::auth::secret;
use super::context::Context;
use super::lookups::Known;
use super::names::Names;
use crate::mapping::codes;
use crate::mapping::source::Node;
use crate::wire::credential::Way;
use crate::wire::{
    Body, Call, Credential, Decoding, Encoding, Expires, IfUncertain, Lives, Lookup, Path, ResultAt, Rotation, Take,
    Template, Variable, answer,
};
use http::Method;
use std::sync::Arc;

/// The name of the lookup, by which tests give it.
pub(super) const NAME: &str = "oauth2";

/// The parts of each grant: those it must have, and those it may have beside the client's.
const GRANTS: [(&str, &[&str]); 3] = [
    ("client_credentials", &["client_id", "client_secret"]),
    ("password", &["username", "password"]),
    ("refresh", &["refresh_token"]),
];

/// Notes the lookup where there is one, after those of the file.
pub(super) fn name(context: &Context<'_>, auth: Option<&Node>) {
    let Some(entry) = auth.and_then(|auth| auth.entry(NAME)) else { return };
    if context.lookups.borrow().iter().any(|known| *known.name == *NAME) {
        let message = "a lookup is called `oauth2`, and so is the token that `auth` gets";
        context.report.hint(&codes::NAME_CLASH, &entry.key_span, (message, "call the lookup otherwise"));
        return;
    }
    context.lookups.borrow_mut().push(Known::session(NAME, entry.key_span.clone()));
    context.note(&Variable::Lookup(NAME.into()));
}

/// The lookup that yields the token.
pub(super) fn lookup(names: &Names<'_>, node: &Node) -> Option<Lookup> {
    let grant = node.get("grant").and_then(Node::text)?;
    parts_fit(names, node, grant)?;
    let text = |key: &str| node.get(key).map(|node| names.template(node));
    let hidden = |key: &str| node.get(key).map(|node| secret(names, node, names.template(node)?));
    let (id, client_secret) = (flat(text("client_id"))?, flat(hidden("client_secret"))?);
    let (username, password) = (flat(text("username"))?, flat(hidden("password"))?);
    let (scope, first) = (flat(text("scope"))?, flat(hidden("refresh_token"))?);
    let (path, url) = place(names, node.get("token_url")?)?;
    let in_body = node.get("client_auth").and_then(Node::text) == Some("body");
    let word = if grant == "refresh" { "refresh_token" } else { grant };
    let value =
        |grant: &str| (grant == "refresh").then(|| Template { parts: vec![crate::wire::Part::Hole(Variable::Value)] });
    let credential = match (&id, &client_secret) {
        (Some(id), Some(secret)) if !in_body => Some(Way::Client { id: id.clone(), secret: secret.clone() }),
        _ => None,
    };
    let said = if credential.is_some() { (None, None) } else { (id, client_secret) };
    let fields = [
        ("grant_type", Some(Template::constant(word))),
        ("client_id", said.0),
        ("client_secret", said.1),
        ("username", username),
        ("password", password),
        ("refresh_token", value(grant)),
        ("scope", scope),
    ];
    let fields = fields.into_iter().filter_map(|(name, field)| Some((Arc::from(name), Body::Template(field?))));
    let call = Call { body: Some(Body::Object(fields.collect())), ..empty(names, node, path) };
    Some(Lookup {
        name: NAME.into(),
        call: names.context.declare(call),
        take: Take::At(Path::of_names(["access_token"])),
        lives: Lives::Session,
        expires: Some(Expires::In(Path::of_names(["expires_in"]))),
        needs: Vec::new(),
        bare: true,
        credential: credential.map(|way| Credential { ways: vec![way], certificate: None }),
        url,
        rotates: first.map(|first| Rotation { first, at: Path::of_names(["refresh_token"]) }),
    })
}

/// `Authorization: Bearer` with the token.
pub(super) fn way() -> Way {
    Way::Bearer(Template { parts: vec![crate::wire::Part::Hole(Variable::Lookup(NAME.into()))] })
}

/// The answers of a token endpoint are those of RFC 6749 §5, whatever the product's own mean.
fn empty(names: &Names<'_>, node: &Node, path: Vec<Template>) -> Call {
    Call {
        name: "auth.oauth2".into(),
        line: names.context.report.line(node.span.start),
        method: Method::POST,
        path,
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        encode: Encoding::Form,
        decode: Decoding::default(),
        answers: answer::built_in(),
        result: ResultAt::Nowhere,
        listing: None,
        key: None,
        if_uncertain: IfUncertain::default(),
        shared: None,
        needs: Vec::new(),
    }
}

/// The path that errors name, and the URL where it is no path of the file.
fn place(names: &Names<'_>, node: &Node) -> Option<(Vec<Template>, Option<Template>)> {
    let (report, template) = (names.context.report, names.template(node)?);
    let Some(text) = template.literal() else { return Some((vec![template.clone()], Some(template))) };
    if text.contains("://") {
        let hint = "declare a setting in `settings:` and write `token_url: <settings.token_url>`";
        report.hint(&codes::BASE_URL, &node.span, ("a mapping holds no base URL", hint));
        return None;
    }
    if !text.starts_with('/') {
        let hint = "a path below the base URL, `/oauth/token`, or a setting";
        report.hint(&codes::BAD_CALL, &node.span, (format!("`{text}` is no path"), hint));
        return None;
    }
    let segments = text[1..].split('/').map(Template::constant).collect();
    Some((segments, Some(template)))
}

fn parts_fit(names: &Names<'_>, node: &Node, grant: &str) -> Option<()> {
    let report = names.context.report;
    let (_, needed) = GRANTS.iter().find(|(name, _)| *name == grant)?;
    if let Some(missing) = needed.iter().find(|part| node.get(part).is_none()) {
        let message = format!("`grant: {grant}` wants `{missing}`");
        report.hint(&codes::AUTH_INCOMPLETE, &node.span, (message, format!("it has {}", needed.join(", "))));
        return None;
    }
    let of_others = GRANTS.iter().filter(|(name, _)| *name != grant).flat_map(|(_, parts)| parts.iter());
    let mut strange = of_others.filter(|part| !part.starts_with("client") && !needed.contains(part));
    if let Some(entry) = strange.find_map(|part| node.entry(part)) {
        let message = format!("`grant: {grant}` has no `{}`", entry.key);
        report.say(&codes::AUTH_INCOMPLETE, &entry.key_span, message);
        return None;
    }
    Some(())
}

fn flat<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(None) => None,
        other => Some(other.flatten()),
    }
}
