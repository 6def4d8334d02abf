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
        let ours: Vec<&Value> = documents.iter().filter(|one| !self.kind.is_absent(one, known)).collect();
        let lacks = |path: &AttributePath| list.lacks.iter().any(|lacks| lacks.covers(path) || path.covers(lacks));
        self.found.extend(rules(self.kind, (&ours, known), &lacks));
        let Some(key) = self.keys(&ours) else { return Ok(()) };
        let account = self.read(&key).await?;
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
            self.second(&mut pages, (line, &first)).await?;
        }
        Ok(first)
    }

    async fn second(
        &mut self,
        pages: &mut Pages<'_>,
        (line, first): (Option<u32>, &[Value]),
    ) -> Result<(), OperationError> {
        let before = pages.total();
        let second = pages.next().await?.unwrap_or_default();
        let known = |one: &&Value| {
            self.kind
                .key_of(one)
                .is_some_and(|key| first.iter().any(|other| self.kind.key_of(other).as_ref() == Some(&key)))
        };
        let again = second.iter().filter(known).count();
        match (second.len(), again) {
            (0, _) => self.say(Level::Note, line, "everything is on one page, so it was not seen whether paging works"),
            (_, 0) => self.say(Level::Well, line, "the second page holds other accounts than the first"),
            (all, again) => {
                let text =
                    format!("{again} of {all} accounts of the second page stand on the first already: look at `page:`");
                self.say(Level::Wrong, line, text);
            }
        }
        if let (Some(before), Some(after)) = (before, pages.total())
            && before != after
        {
            self.say(Level::Note, line, format!("the total was {before} on the first page and {after} on the second"));
        }
        Ok(())
    }

    /// The key of the first account, after a look at those of all.
    fn keys(&mut self, accounts: &[&Value]) -> Option<String> {
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
        accounts.iter().find(|one| shaped(one)).and_then(|one| self.kind.key_of(one))
    }

    /// The account as `read` shows it.
    async fn read(&mut self, key: &str) -> Result<Option<Value>, OperationError> {
        let (Some(read), Some(value)) = (&self.kind.read, plan::key_value(self.kind, key)) else { return Ok(None) };
        let line = read.call().map(|call| self.work.instance.mapping.call(call).line);
        let located = Located { id: key.to_owned(), key: key.to_owned(), term: Term::Value(value), link: None };
        match self.work.fetch(&located).await {
            Ok(Some(shown)) => {
                self.say(Level::Well, line, "an account of the list can be read");
                Ok(Some(shown.document))
            }
            Ok(None) | Err(OperationError::NotFound { .. }) => {
                let text = "an account of the list cannot be read: it is not there, its key is another one, or the answer is wrapped (`envelope`, `result`)";
                self.say(Level::Wrong, line, text);
                Ok(None)
            }
            Err(error) => Err(error),
        }
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

/// The sub-attribute of the first element.
fn element(resource: &crate::scim::resource::Resource, path: &AttributePath) -> Option<Value> {
    let sub = path.sub.as_deref()?;
    resource.elements(&path.parent()).first()?.get(sub).cloned()
}
