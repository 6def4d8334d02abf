//! Lists: a page of everything, or what a filter matches — found by the calls the plan chose, and always filtered again here.

use crate::engine::account::{Account, Extent, Located, Shown};
use crate::engine::{OperationError, Work};
use crate::mapping::Search;
use crate::plan::{self, Lookup};
use crate::scim::filter::Filter;
use crate::scim::fold::fold;
use crate::scim::list::Window;
use crate::scim::path::AttributePath;
use crate::scim::projection::View;
use crate::scim::resource::Resource;
use crate::scim::sort::Sort;
use crate::store::KeptValue;
use crate::target::{Captures, Span};
use crate::wire::template::as_text;
use crate::wire::{Argument, Step, StepKind, Variable};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;
use std::collections::HashSet;

/// How many accounts of one page are read at a time.
const PARALLEL: usize = 8;
/// How many rows the store may yield for one kept value.
const KEPT_ROWS: usize = 1000;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Query {
    /// What must match; everything without.
    pub filter: Option<Filter>,
    /// Which part of the matches.
    pub window: Window,
    /// Which attributes are shown.
    pub view: View,
    /// In which order; only where [`sorts`] says that the whole result can be had.
    pub sort: Option<Sort>,
}

/// A page of matches.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The resources of the window.
    pub resources: Vec<Resource>,
    /// How many match in all.
    pub total: usize,
}

/// Answers a query, completely or not at all.
///
/// # Errors
/// The filter cannot be answered; the target cannot be asked.
pub async fn search(work: &Work, query: &Query) -> Result<Found, OperationError> {
    let lookup = match &query.filter {
        Some(filter) => plan::search(&work.instance.mapping, (work.kind(), work.known()), filter)?,
        None if query.sort.is_some() => Lookup::Scan,
        None => return work.page(query).await,
    };
    let mut sieve = Sieve::new(query);
    work.follow(&lookup, &mut sieve).await?;
    Ok(sieve.finish())
}

/// Can whole results of this type be had, so that sorting them means something?
pub fn sorts(work: &Work) -> bool {
    work.kind().may_scan(&work.instance.mapping)
}

/// Keeps what matches, once, and of that the window.
struct Sieve<'a> {
    query: &'a Query,
    seen: HashSet<String>,
    found: Found,
}

impl<'a> Sieve<'a> {
    fn new(query: &'a Query) -> Sieve<'a> {
        Sieve { query, seen: HashSet::new(), found: Found::default() }
    }

    /// What was found: sorted as a whole and then cut, where an order is asked for.
    fn finish(mut self) -> Found {
        if let Some(sort) = &self.query.sort {
            sort.apply(&mut self.found.resources);
            let window = self.query.window;
            let kept = self.found.resources.into_iter().skip(window.start - 1).take(window.count);
            self.found.resources = kept.collect();
        }
        self.found
    }

    fn take(&mut self, account: Account) {
        let matches = self.query.filter.as_ref().is_none_or(|filter| filter.matches(&account.resource));
        if !matches || !self.seen.insert(account.id) {
            return;
        }
        self.found.total += 1;
        let window = &self.query.window;
        let inside = self.found.total >= window.start && self.found.resources.len() < window.count;
        if inside || self.query.sort.is_some() {
            self.found.resources.push(account.resource);
        }
    }
}

impl Work {
    async fn follow(&self, lookup: &Lookup<'_>, sieve: &mut Sieve<'_>) -> Result<(), OperationError> {
        match lookup {
            Lookup::Id(id) => self.look_at(id, sieve).await,
            Lookup::Kept(path, value) => {
                let kept = KeptValue::new(path.to_string(), fold(&as_text(value)));
                let links = self.gateway.store.find_kept(&self.scope(), &kept, KEPT_ROWS + 1)?;
                if links.len() > KEPT_ROWS {
                    return Err(OperationError::TooMany { scan: KEPT_ROWS });
                }
                for link in links {
                    self.look_at(&link.scim_id, sieve).await?;
                }
                Ok(())
            }
            Lookup::Find(place, value) => {
                let find = &self.kind().find[*place].search;
                self.walk(find, vec![Argument::of(Variable::Value, value.clone())], sieve).await
            }
            Lookup::Scan => match &self.kind().list {
                Some(list) => self.walk(list, Vec::new(), sieve).await,
                None => Err(OperationError::NotOffered("listing")),
            },
            Lookup::Any(all) => {
                for one in all {
                    Box::pin(self.follow(one, sieve)).await?;
                }
                Ok(())
            }
        }
    }

    async fn look_at(&self, id: &str, sieve: &mut Sieve<'_>) -> Result<(), OperationError> {
        let located = match self.locate(id) {
            Err(OperationError::NotFound { .. }) => return Ok(()),
            located => located?,
        };
        let query = sieve.query;
        match self.gather_unlocked(&located, Extent::Part(&|path| wanted(self, query, path))).await {
            Err(OperationError::NotFound { .. }) => Ok(()),
            account => {
                sieve.take(account?);
                Ok(())
            }
        }
    }

    /// Walks a list call to its end. Items that lack what is wanted are read in full, those that can be told apart without it first.
    async fn walk(
        &self,
        search: &Search,
        arguments: Vec<Argument>,
        sieve: &mut Sieve<'_>,
    ) -> Result<(), OperationError> {
        let step = Step { kind: StepKind::Pages, ..Step::once(search.call, arguments) };
        let scan = self.instance.mapping.call(search.call).listing.as_ref().and_then(|listing| listing.scan);
        let captures = Captures::new();
        let mut pages = self.instance.target.pages(&step, Span::ALL, &captures, &self.budget)?;
        let mut walked = 0;
        while let Some(documents) = pages.next().await? {
            walked += documents.len();
            if scan.is_some_and(|scan| walked > scan) {
                return Err(OperationError::TooMany { scan: scan.unwrap_or_default() });
            }
            for account in self.whole(search, self.identify(documents).await?, sieve.query).await? {
                sieve.take(account);
            }
        }
        Ok(())
    }

    /// The accounts of one page of items.
    async fn whole(
        &self,
        search: &Search,
        items: Vec<(Located, Shown)>,
        query: &Query,
    ) -> Result<Vec<Account>, OperationError> {
        let lacks =
            |path: &AttributePath| search.lacks.iter().any(|lacking| lacking.covers(path) || path.covers(lacking));
        let kind = &self.kind().kind;
        let filtered = query.filter.iter().flat_map(Filter::paths).chain(query.sort.iter().map(Sort::path)).any(lacks);
        let shown = search.lacks.iter().any(|path| query.view.wants(path, kind));
        let read = stream::iter(items).map(|(located, shown_here)| async move {
            let wants = |path: &AttributePath| wanted(self, query, path);
            if !shown && !filtered {
                return self.seen(&located, shown_here, Extent::Part(&wants)).await.map(Some);
            }
            if !filtered && let Some(filter) = &query.filter {
                let partial =
                    self.seen(&located, shown_here, Extent::Part(&|path| wants(path) && !lacks(path))).await?;
                if !filter.matches(&partial.resource) {
                    return Ok(None);
                }
            }
            match self.gather_unlocked(&located, Extent::Part(&wants)).await {
                Err(OperationError::NotFound { .. }) => Ok(None),
                account => account.map(Some),
            }
        });
        let accounts: Vec<Option<Account>> = read.buffered(PARALLEL).try_collect().await?;
        Ok(accounts.into_iter().flatten().collect())
    }

    /// One window of everything. The target's own total counts where nothing of its list is hidden; else totals come from walking.
    async fn page(&self, query: &Query) -> Result<Found, OperationError> {
        let list = self.kind().list.as_ref().ok_or(OperationError::NotOffered("listing"))?;
        let listing = self.instance.mapping.call(list.call).listing.as_ref();
        let counted = listing.is_some_and(|listing| listing.total.is_some()) && self.kind().absent_when.is_empty();
        if !counted {
            let mut sieve = Sieve::new(query);
            self.walk(list, Vec::new(), &mut sieve).await?;
            return Ok(sieve.found);
        }
        let step = Step { kind: StepKind::Pages, ..Step::once(list.call, Vec::new()) };
        let span = Span { skip: query.window.start - 1, take: Some(query.window.count) };
        let captures = Captures::new();
        let mut pages = self.instance.target.pages(&step, span, &captures, &self.budget)?;
        let mut found = Found::default();
        while let Some(documents) = pages.next().await? {
            let accounts = self.whole(list, self.identify(documents).await?, query).await?;
            found.resources.extend(accounts.into_iter().map(|account| account.resource));
        }
        match pages.total() {
            Some(total) => found.total = total,
            // The target's own number was no number that could be believed.
            None => {
                let mut sieve = Sieve::new(query);
                self.walk(list, Vec::new(), &mut sieve).await?;
                found = sieve.found;
            }
        }
        Ok(found)
    }

    /// Accounts that may hold this value, for a create that must not make a second one.
    pub(super) async fn candidates(&self, path: &AttributePath, value: &Value) -> Result<Vec<Account>, OperationError> {
        let text = format!("{path} eq {}", value);
        let filter = Filter::parse(&text, &self.kind().kind).map_err(|_| OperationError::NoKey)?;
        let query =
            Query { filter: Some(filter), window: Window { start: 1, count: 2 }, view: View::all(), sort: None };
        let lookup = plan::search(
            &self.instance.mapping,
            (self.kind(), self.known()),
            query.filter.as_ref().ok_or(OperationError::NoKey)?,
        )?;
        let mut sieve = Sieve::new(&query);
        self.follow(&lookup, &mut sieve).await?;
        let mut accounts = Vec::new();
        for resource in sieve.found.resources {
            if let Some(id) = resource.id() {
                accounts.push(self.gather_unlocked(&self.locate(id)?, Extent::Whole).await?);
            }
        }
        Ok(accounts)
    }
}

fn wanted(work: &Work, query: &Query, path: &AttributePath) -> bool {
    let kind = &work.kind().kind;
    let sorted = query.sort.as_ref().is_some_and(|sort| path.covers(sort.path()) || sort.path().covers(path));
    sorted
        || query.view.wants(path, kind)
        || query.filter.iter().flat_map(Filter::paths).any(|asked| path.covers(asked) || asked.covers(path))
}
