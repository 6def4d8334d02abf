//! Gather: from a SCIM id or a target's document to the account as a client sees it — read, identified, kept attributes laid over it.

use crate::engine::{OperationError, Work};
use crate::mapping::{Leaves, Rule, Shape, TypeMapping, VersionAt, Wants};
use crate::plan::{self, Before};
use crate::scim::resource::Resource;
use crate::scim::version::entity_tag;
use crate::store::{Link, LinkState, Remembered};
use crate::target::Outcome;
use crate::wire::Term;
use serde_json::{Map, Value};
use std::sync::Arc;
use uuid::Uuid;

/// An account, read and identified.
#[derive(Debug, Clone)]
pub struct Account {
    /// The SCIM id.
    pub id: String,
    /// The account as the target shows it.
    pub shown: Shown,
    /// The same as a client sees it, references translated.
    pub resource: Resource,
    /// What the store holds for it.
    pub link: Option<Arc<Link>>,
}

impl Account {
    /// The account as a plan wants it.
    pub(super) fn before(&self) -> Before<'_> {
        Before { document: &self.shown.document, resource: &self.resource, version: self.shown.version.as_deref() }
    }

    /// Its version, where all of it was seen.
    pub fn version(&self) -> Option<&str> {
        version_of(&self.resource)
    }
}

/// The version that a resource carries.
pub fn version_of(resource: &Resource) -> Option<&str> {
    resource.0.get("meta")?.get("version")?.as_str()
}

/// An account as the target shows it.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Its document.
    pub document: Value,
    /// The target's own version of it.
    pub version: Option<String>,
    /// The further answers that lie in the document.
    pub parts: Vec<Arc<str>>,
}

impl Shown {
    /// A document that is whole in itself.
    pub fn of(document: Value) -> Shown {
        Shown { document, ..Shown::default() }
    }
}

/// A SCIM id, and what it stands for.
#[derive(Debug, Clone)]
pub struct Located {
    /// The SCIM id.
    pub id: String,
    /// The target's key.
    pub key: String,
    /// The key as calls take it.
    pub term: Term,
    /// What the store holds for it.
    pub link: Option<Arc<Link>>,
}

/// How much of an account is wanted.
#[derive(Clone, Copy)]
pub enum Extent<'a> {
    /// Everything, version included.
    Whole,
    /// These attributes.
    Part(Wants<'a>),
    /// These attributes of an item that is known to be one of ours.
    Item(Wants<'a>),
    /// These attributes, for a write that leaves the others alone.
    Rest(Wants<'a>),
}

impl<'a> Extent<'a> {
    /// The attributes that belong to it.
    fn wants(self) -> Wants<'a> {
        match self {
            Extent::Whole => Wants::EVERYTHING,
            Extent::Part(wants) | Extent::Item(wants) | Extent::Rest(wants) => wants,
        }
    }
}

impl Work {
    /// What a SCIM id stands for.
    ///
    /// # Errors
    /// It stands for nothing: no key of this target looks like that, or no link has it.
    pub fn locate(&self, id: &str) -> Result<Located, OperationError> {
        let kind = self.kind();
        let link =
            if kind.key.stable && !kind.stores() { None } else { self.gateway.store.link_by_id(&self.scope(), id)? };
        if link.as_ref().is_some_and(|link| is_hidden(kind, link)) {
            return Err(OperationError::not_found(kind, id));
        }
        let link = link.filter(|link| link.state == LinkState::Live);
        let key = match &link {
            Some(link) => link.target_key.clone(),
            None if kind.key.stable => id.to_owned(),
            None => return Err(OperationError::not_found(kind, id)),
        };
        let value = plan::key_value(kind, &key).ok_or_else(|| OperationError::not_found(kind, id))?;
        Ok(Located { id: id.to_owned(), key, term: Term::Value(value), link })
    }

    /// Reads the account without holding its lock. Where keys change, who is not there may only just have been renamed: a second
    /// look, with nobody writing, tells.
    ///
    /// # Errors
    /// As [`Work::gather`].
    pub async fn gather_unlocked(&self, located: &Located, extent: Extent<'_>) -> Result<Account, OperationError> {
        if self.kind().key_is_fixed() {
            return self.gather(located, extent).await;
        }
        if let Some(shown) = self.fetch_part(located, extent).await? {
            return self.seen(located, shown, extent).await;
        }
        let _turn = self.lock("id", &located.id).await?;
        self.gather(&self.locate(&located.id)?, extent).await
    }

    /// Reads the account. Takes no lock: whoever writes holds it already.
    ///
    /// # Errors
    /// It is not there, or no longer; the target cannot be asked, or answers what the mapping does not expect.
    pub async fn gather(&self, located: &Located, extent: Extent<'_>) -> Result<Account, OperationError> {
        let kind = self.kind();
        let Some(shown) = self.fetch_part(located, extent).await? else {
            self.seen_absent(located).await?;
            return Err(OperationError::not_found(kind, &located.id));
        };
        self.seen(located, shown, extent).await
    }

    /// The account in an answer.
    pub(super) fn shown(&self, outcome: Outcome) -> Option<Shown> {
        let document = outcome.account?;
        let version = match &self.kind().version {
            Some(VersionAt::Header(name)) => {
                outcome.answer.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
            }
            Some(VersionAt::At(_)) | None => self.kind().version_in(&document),
        };
        Some(Shown { document, version, parts: Vec::new() })
    }

    /// The account that the target showed already, completed where what is wanted stands in answers of their own.
    pub(super) async fn seen(
        &self,
        located: &Located,
        shown: Shown,
        extent: Extent<'_>,
    ) -> Result<Account, OperationError> {
        self.seen_by(&[], (located, shown), extent).await
    }

    /// The same, with these rules in the places of the type's own: list items may show values otherwise.
    pub(super) async fn seen_by(
        &self,
        instead: &[(usize, Rule)],
        (located, mut shown): (&Located, Shown),
        extent: Extent<'_>,
    ) -> Result<Account, OperationError> {
        let kind = self.kind();
        self.put_together(&mut shown, located, extent).await?;
        let wants = extent.wants();
        let mut resource = kind.to_scim_by(instead, &shown.document, (wants, self.known()))?;
        self.translate(&mut resource).await?;
        for (_, rule) in kind.rules.read_elsewhere().filter(|(_, rule)| wants.takes(&rule.attribute)) {
            resource.set(&rule.attribute, self.read_elsewhere(rule, located).await?);
        }
        if let Some(link) = &located.link {
            restore(kind, &mut resource, link);
        }
        resource.0.insert("id".into(), Value::from(located.id.clone()));
        let mut meta = Map::from_iter([("resourceType".to_owned(), Value::from(&*kind.kind.name))]);
        if let Some(version) = version(&shown, &resource, (extent, located.link.as_deref())) {
            meta.insert("version".into(), version.into());
        }
        match resource.0.get_mut("meta") {
            Some(Value::Object(known)) => known.extend(meta),
            _ => drop(resource.0.insert("meta".into(), Value::Object(meta))),
        }
        Ok(Account { id: located.id.clone(), shown, resource, link: located.link.clone() })
    }

    /// Identifies the accounts of one page: one look into the store, one transaction for those never seen before.
    pub(super) async fn identify(&self, items: Vec<Shown>) -> Result<Vec<(Located, Shown)>, OperationError> {
        let kind = self.kind();
        let keyed =
            items.into_iter().map(|item| Ok((kind.key_of(&item.document).ok_or(OperationError::Keyless)?, item)));
        let keyed: Vec<(String, Shown)> = keyed.collect::<Result<_, OperationError>>()?;
        let keys: Vec<&str> = keyed.iter().map(|(key, _)| key.as_str()).collect();
        let links = self.links(kind, &keys).await?;
        let hidden = |link: &Option<Arc<Link>>| link.as_ref().is_some_and(|link| is_hidden(kind, link));
        let known = keyed.into_iter().zip(links).filter(|(_, link)| !hidden(link));
        let located = known.filter_map(|((key, item), link)| {
            let id = link.as_ref().map_or_else(|| key.clone(), |link| link.scim_id.clone());
            let term = Term::Value(plan::key_value(kind, &key)?);
            Some((Located { id, key, term, link }, item))
        });
        Ok(located.collect())
    }

    /// The links of these keys. Where the key is not the id, a key never seen before gets its link here, before its id leaves.
    async fn links(&self, kind: &TypeMapping, keys: &[&str]) -> Result<Vec<Option<Arc<Link>>>, OperationError> {
        if kind.key.stable && !kind.stores() {
            return Ok(vec![None; keys.len()]);
        }
        let scope = self.instance.scope(kind);
        let mut links = self.gateway.store.links_by_keys(&scope, keys)?;
        let mut fresh = Vec::new();
        for (link, key) in links.iter_mut().zip(keys) {
            *link = link.take().filter(|link| link.state == LinkState::Live || is_hidden(kind, link));
            if link.is_none() && !kind.key.stable {
                fresh.push(self.new_link(kind, key)?);
            }
        }
        if !fresh.is_empty() {
            // Another request may have seen it first: what stands is what counts.
            self.gateway.store.add_links(&scope, fresh).await?;
            links = self.gateway.store.links_by_keys(&scope, keys)?;
        }
        Ok(links)
    }

    /// A link for a key never seen before: with a stable key the key is the id, else the id is made from target, type, key and generation.
    pub(super) fn new_link(&self, kind: &TypeMapping, key: &str) -> Result<Link, OperationError> {
        let now = (self.gateway.now)();
        if kind.key.stable {
            return Ok(Link::new(key, key, now));
        }
        let generation = self.gateway.store.next_generation(&self.instance.scope(kind), key)?;
        let name = format!("{}\0{}\0{key}\0{generation}", self.instance.name, kind.kind.name);
        let mut link = Link::new(Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string(), key, now);
        link.generation = generation;
        Ok(link)
    }

    /// The account is gone: what was kept for it goes too, so that nobody inherits it.
    pub(super) async fn seen_absent(&self, located: &Located) -> Result<(), OperationError> {
        let Some(link) = &located.link else { return Ok(()) };
        let store = &self.gateway.store;
        match self.kind().key.stable {
            true => store.forget(&self.scope(), &link.scim_id).await?,
            false => store.bury(&self.scope(), &link.scim_id, (self.gateway.now)()).await?,
        }
        Ok(())
    }

    /// References hold the target's keys so far; clients see ids.
    pub(super) async fn translate(&self, resource: &mut Resource) -> Result<(), OperationError> {
        for (_, rule) in self.kind().rules.present_in(&[resource]) {
            if let Some(referred) = rule
                .refers_to
                .as_deref()
                .and_then(|name| self.instance.mapping.kind(name))
                .filter(|kind| !kind.key.stable)
            {
                let Some(key) = resource.text(&rule.attribute).map(str::to_owned) else { continue };
                let links = self.links(referred, &[&key]).await?;
                let id = links
                    .into_iter()
                    .flatten()
                    .find(|link| !is_hidden(referred, link))
                    .map_or(Value::Null, |link| link.scim_id.clone().into());
                resource.set(&rule.attribute, id);
            }
            let Shape::Each { items, .. } = &rule.shape else { continue };
            for item in items {
                let Some(referred) = item.refers_to.as_deref().and_then(|name| self.instance.mapping.kind(name)) else {
                    continue;
                };
                if let Some(fixed) = &referred.fixed {
                    // What the mapping does not list is no resource: it stays in the account, and nobody sees it.
                    let listed = |element: &&Value| {
                        fixed.iter().any(|one| referred.key_of(one).as_deref() == Some(text(element, &item.sub)))
                    };
                    let listed = resource.elements(&rule.attribute).iter().filter(listed).cloned().collect();
                    resource.set(&rule.attribute, listed);
                    continue;
                }
                if referred.key.stable || resource.elements(&rule.attribute).is_empty() {
                    continue;
                }
                let named = |element: &&Value| !text(element, &item.sub).is_empty();
                let elements: Vec<Value> = resource.elements(&rule.attribute).iter().filter(named).cloned().collect();
                let keys: Vec<&str> = elements.iter().map(|element| text(element, &item.sub)).collect();
                let links = self.links(referred, &keys).await?;
                let named = elements.iter().zip(links).filter_map(|(element, link)| {
                    let mut element = element.clone();
                    let link = link.filter(|link| !is_hidden(referred, link))?;
                    element[&*item.sub] = Value::from(link.scim_id.clone());
                    Some(element)
                });
                resource.set(&rule.attribute, named.collect());
            }
        }
        Ok(())
    }
}

/// Was the account deleted, and does the target show it all the same?
pub(super) fn is_hidden(kind: &TypeMapping, link: &Link) -> bool {
    kind.leaves() == Leaves::Account && link.state == LinkState::Tombstone
}

/// A version is made of the target's own and what is kept beside it, else of the whole resource. Of a part there is none.
fn version(shown: &Shown, resource: &Resource, (extent, link): (Extent<'_>, Option<&Link>)) -> Option<String> {
    let text = |fields: &Map<String, Value>| serde_json::to_string(fields).unwrap_or_default();
    match (&shown.version, extent) {
        (Some(version), _) => Some(entity_tag(&[version, &link.map(|link| text(&link.kept)).unwrap_or_default()])),
        (None, Extent::Whole) => Some(entity_tag(&[&text(&resource.0)])),
        (None, Extent::Part(_) | Extent::Item(_) | Extent::Rest(_)) => None,
    }
}

fn text<'a>(element: &'a Value, sub: &str) -> &'a str {
    element.get(sub).and_then(Value::as_str).unwrap_or_default()
}

/// Lays over what the target shows what the store holds: kept attributes, and the sent form of values that still are as we wrote them.
fn restore(kind: &TypeMapping, resource: &mut Resource, link: &Link) {
    let remembered = link.remembered.iter().filter_map(|(name, known)| {
        let rule = kind.rules.named(name).map(|(_, rule)| rule).find(|rule| rule.remembers())?;
        (*resource.get(&rule.attribute).unwrap_or(&Value::Null) == known.held).then_some((rule, known))
    });
    // What was held was noted without what is kept, so it is compared before that is laid over.
    let unchanged: Vec<(&Rule, &Remembered)> = remembered.collect();
    kind.lay_over(resource, &Resource(link.kept.clone()));
    for (rule, known) in unchanged {
        resource.set(&rule.attribute, known.sent.clone());
    }
}
