//! One look at one resource type of a target: its list, an account of it, and whether that account is found.

use super::finding::{Finding, Level};
use super::rules::rules;
use crate::engine::{Located, OperationError, Query, Work, search};
use crate::mapping::{Search, TypeMapping, Wants};
use crate::plan;
use crate::scim::filter::Filter;
use crate::scim::list::Window;
use crate::scim::path::AttributePath;
use crate::scim::projection::View;
use crate::target::{Captures, Pages, Span};
use crate::wire::{Step, Term};
use serde_json::Value;

/// What was found.
pub async fn look(work: &Work) -> Vec<Finding> {
    let mut look = Look { work, kind: work.kind(), found: Vec::new() };
    if let Err(error) = look.all().await {
        look.found.push(Finding::of(&error, &look.kind.kind.name));
    }
    look.found
}

/// How many items of a list are read, where one may tell nothing.
const FEW: usize = 3;

struct Look<'a> {
    work: &'a Work,
    kind: &'a TypeMapping,
    found: Vec<Finding>,
}

impl Look<'_> {
    async fn all(&mut self) -> Result<(), OperationError> {
        if let Some(fixed) = &self.kind.fixed {
            self.say(Level::Well, None, format!("the mapping itself lists these, {} in all", fixed.len()));
            return Ok(());
        }
        let Some(list) = self.kind.list.clone() else {
            self.say(Level::Note, None, "the mapping has no `list`, so there is no account to look at");
            return Ok(());
        };
        self.work.prepare().await?;
        let documents = self.list(&list).await?;
        let known = self.work.known();
        let documents = self.accounts(&list, documents).await?;
        let ours: Vec<&Value> = documents.iter().collect();
        let lacks = |path: &AttributePath| is_lacking(self.kind, &list, path);
        self.found.extend(rules(self.kind, (&ours, known), &lacks));
        // Of an item that only its account can judge, nobody knows whether it is one of ours.
        let tries = if list.undecided.is_empty() { 1 } else { FEW };
        let keys = self.keys(&ours);
        if keys.is_empty() {
            return Ok(());
        }
        let account = self.read(keys.iter().take(tries)).await?;
        if let Some(account) = &account {
            // What the list shows was looked at already.
            self.found.extend(rules(self.kind, (&[account], known), &|path| !lacks(path)));
        }
        match account.as_ref().or(ours.first().copied()) {
            Some(account) => self.finds(account).await,
            None => Ok(()),
        }
    }

    /// The first page of the list, and whether a second one follows.
    async fn list(&mut self, list: &Search) -> Result<Vec<Value>, OperationError> {
        let step = Step::once(list.call, Vec::new());
        let (captures, target) = (Captures::new(), &self.work.instance.target);
        let call = self.work.instance.mapping.call(list.call);
        let (line, listing) = (Some(call.line), call.listing.as_ref());
        let mut pages = target.pages(&step, Span::ALL, &captures, &self.work.budget)?;
        let first = pages.next().await?.unwrap_or_default();
        let total = pages.total();
        if first.is_empty() {
            self.say(Level::Note, line, "the list is empty, so there is no account to look at");
            return Ok(first);
        }
        let counted = total.map_or_else(String::new, |total| format!(", {total} in all"));
        self.say(Level::Well, line, format!("the first page of the list holds {} accounts{counted}", first.len()));
        if listing.is_some_and(|listing| listing.total.is_some()) && total.is_none() {
            self.say(Level::Wrong, line, "`total` is no number, or less than one page holds");
        }
        if listing.is_some_and(|listing| listing.paging.is_some() || listing.next.is_some()) {
            let named = |one: &Value| match &list.handle {
                Some(handle) => handle.first(one).map(ToString::to_string),
                None => self.kind.key_of(one),
            };
            let first: Vec<String> = first.iter().filter_map(&named).collect();
            let said = second(&mut pages, &first, named).await?;
            said.into_iter().for_each(|(level, text)| self.say(level, line, text));
        }
        Ok(first)
    }

    /// Those of the items that are ours. An item that is read by its handle is no account: of these the first few are read.
    async fn accounts(&mut self, list: &Search, items: Vec<Value>) -> Result<Vec<Value>, OperationError> {
        let (kind, known) = (self.kind, self.work.known());
        let ours = items.into_iter().filter(|item| !kind.is_absent_item(list, item, known));
        let Some(handle) = &list.handle else { return Ok(ours.collect()) };
        let line = Some(self.work.instance.mapping.call(list.call).line);
        let (with, without): (Vec<Value>, Vec<Value>) = ours.partition(|item| handle.first(item).is_some());
        if !without.is_empty() {
            let all = with.len() + without.len();
            let text = format!("handle: nothing stands at {} in {} of {all} items", handle.text(), without.len());
            self.say(Level::Wrong, line, text);
        }
        let few: Vec<Value> = with.into_iter().take(FEW).collect();
        let asked = few.len();
        let read = self.work.read_by_handle(handle, few).await?;
        let level = if read.is_empty() && asked > 0 { Level::Wrong } else { Level::Well };
        self.say(level, line, format!("read by handle: {} of the first {asked} items are accounts", read.len()));
        Ok(read.into_iter().map(|shown| shown.document).collect())
    }

    /// The keys of the accounts, after a look at all.
    fn keys(&mut self, accounts: &[&Value]) -> Vec<String> {
        let shaped = |one: &&Value| self.kind.key_of(one).is_some_and(|key| plan::key_value(self.kind, &key).is_some());
        let wrong = accounts.iter().filter(|one| !shaped(one)).count();
        if wrong > 0 {
            let what = if self.kind.key.number { "no number" } else { "nothing" };
            let text = format!(
                "key: {what} stands at {} in {wrong} of {} accounts of the list",
                self.kind.key.at.text(),
                accounts.len()
            );
            self.say(Level::Wrong, None, text);
        }
        accounts.iter().filter(|one| shaped(one)).filter_map(|one| self.kind.key_of(one)).collect()
    }

    /// The first of these accounts that is there, as `read` shows it.
    async fn read(&mut self, keys: impl Iterator<Item = &String>) -> Result<Option<Value>, OperationError> {
        let Some(read) = &self.kind.read else { return Ok(None) };
        let line = read.call().map(|call| self.work.instance.mapping.call(call).line);
        for key in keys {
            let Some(value) = plan::key_value(self.kind, key) else { continue };
            let located = Located { id: key.clone(), key: key.clone(), term: Term::Value(value), link: None };
            match self.work.fetch(&located).await {
                Ok(Some(shown)) => {
                    self.say(Level::Well, line, "an account of the list can be read");
                    return Ok(Some(shown.document));
                }
                Ok(None) | Err(OperationError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let text = "an account of the list cannot be read: it is not there, its key is another one, or the answer is wrapped (`envelope`, `result`)";
        self.say(Level::Wrong, line, text);
        Ok(None)
    }

    /// Is the account found by what it holds?
    async fn finds(&mut self, account: &Value) -> Result<(), OperationError> {
        let known = self.work.known();
        for find in &self.kind.find {
            let line = Some(self.work.instance.mapping.call(find.search.call).line);
            for path in &find.by {
                let Ok(resource) = self.kind.to_scim(account, Wants::every(&|attribute| attribute.covers(path)), known)
                else {
                    continue;
                };
                let Some(value) = resource.get(path).cloned().or_else(|| element(&resource, path)) else { continue };
                let Ok(filter) = Filter::parse(&format!("{path} eq {value}"), &self.kind.kind) else { continue };
                let window = Window { start: 1, count: 1 };
                let query = Query { filter: Some(filter), window, view: View::all(), sort: None };
                match search(self.work, &query).await?.total {
                    0 => self.say(Level::Wrong, line, format!("find by {path}: an account of the list is not found")),
                    _ => self.say(Level::Well, line, format!("an account of the list is found by {path}")),
                }
            }
        }
        Ok(())
    }

    fn say(&mut self, level: Level, line: Option<u32>, text: impl Into<String>) {
        self.found.push(Finding { level, kind: self.kind.kind.name.clone(), line, text: text.into() });
    }
}

/// Do the accounts of a list lack what this attribute is read from? What a read of its own shows stands in no item.
fn is_lacking(kind: &TypeMapping, list: &Search, path: &AttributePath) -> bool {
    let named = kind.named_reads().iter().any(|named| named.feeds(path));
    let listed = list.handle.is_none() && list.lacks.iter().any(|lacks| lacks.covers(path) || path.covers(lacks));
    named || listed
}

/// What the second page tells, the first one holding these.
async fn second(
    pages: &mut Pages<'_>,
    first: &[String],
    named: impl Fn(&Value) -> Option<String>,
) -> Result<Vec<(Level, String)>, OperationError> {
    let before = pages.total();
    let second = pages.next().await?.unwrap_or_default();
    let again = second.iter().filter_map(named).filter(|name| first.contains(name)).count();
    let page = match (second.len(), again) {
        (0, _) => (Level::Note, "everything is on one page, so it was not seen whether paging works".to_owned()),
        (_, 0) => (Level::Well, "the second page holds other accounts than the first".to_owned()),
        (all, again) => {
            let text =
                format!("{again} of {all} accounts of the second page stand on the first already: look at `page:`");
            (Level::Wrong, text)
        }
    };
    let changed = before.zip(pages.total()).filter(|(before, after)| before != after);
    let total = changed.map(|(before, after)| {
        (Level::Note, format!("the total was {before} on the first page and {after} on the second"))
    });
    Ok(std::iter::once(page).chain(total).collect())
}

/// The sub-attribute of the first element.
fn element(resource: &crate::scim::resource::Resource, path: &AttributePath) -> Option<Value> {
    let sub = path.sub.as_deref()?;
    resource.elements(&path.parent()).first()?.get(sub).cloned()
}
