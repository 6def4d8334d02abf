//! Lists: a page of everything, or what a filter matches — found by the calls the plan chose, and always filtered again here.

use crate::engine::account::{Account, Extent, Located, Shown};
use crate::engine::document::{PARALLEL, steps};
use crate::engine::{OperationError, Work};
use crate::mapping::{Rule, Search, Wants};
use crate::plan::{self, Lookup};
use crate::scim::filter::Filter;
use crate::scim::fold::fold;
use crate::scim::list::Window;
use crate::scim::path::AttributePath;
use crate::scim::projection::View;
use crate::scim::resource::Resource;
use crate::scim::schema::ResourceType;
use crate::scim::sort::Sort;
use crate::store::KeptValue;
use crate::target::{Captures, Span};
use crate::wire::template::as_text;
use crate::wire::{Argument, Path, Step, Term, Variable};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;
use std::collections::HashSet;

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
    work.prepare().await?;
    if let Some(fixed) = &work.kind().fixed {
        return Box::pin(work.among(fixed, query)).await;
    }
    let lookup = match &query.filter {
        Some(filter) => plan::search(&work.instance.mapping, (work.kind(), work.known()), filter)?,
        None if query.sort.is_some() => Lookup::Scan,
        None => return Box::pin(work.page(query)).await,
    };
    let mut sieve = Sieve::new(query);
    // Boxed: a search is the largest of all requests, and every request would be as large.
    Box::pin(work.follow(&lookup, &mut sieve)).await?;
    Ok(sieve.finish())
}

/// Can whole results of this type be had, so that sorting them means something?
pub fn sorts(work: &Work) -> bool {
    work.kind().fixed.is_some() || work.kind().may_scan(&work.instance.mapping)
}

/// Where the next match lies.
enum Ahead {
    /// Before the window, as this many are.
    Before(usize),
    /// In the window, which has room for this many.
    Inside(usize),
    Behind,
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

    /// Where the next account lies that matches.
    fn ahead(&self) -> Ahead {
        let Window { start, count } = self.query.window;
        match (start - 1).saturating_sub(self.found.total) {
            0 if self.found.resources.len() >= count => Ahead::Behind,
            0 => Ahead::Inside(count - self.found.resources.len()),
            before => Ahead::Before(before),
        }
    }

    /// Takes note of an account outside of the window.
    fn count(&mut self, id: String) {
        self.found.total += usize::from(self.seen.insert(id));
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
    /// What matches of the accounts that the mapping itself lists.
    async fn among(&self, fixed: &[Value], query: &Query) -> Result<Found, OperationError> {
        let mut sieve = Sieve::new(query);
        let wanted = Wanted::of(self, query);
        let takes = |path: &AttributePath| wanted.takes(path);
        for (located, shown) in self.identify(fixed.iter().cloned().map(Shown::of).collect()).await? {
            sieve.take(self.seen(&located, shown, Extent::Part(wanted.wants(&takes))).await?);
        }
        Ok(sieve.finish())
    }

    /// Every account that a call yields, as much of it as the view shows.
    pub(super) async fn every(
        &self,
        search: &Search,
        arguments: Vec<Argument>,
        view: View,
    ) -> Result<Vec<Resource>, OperationError> {
        let window = Window { start: 1, count: usize::MAX };
        let query = Query { filter: None, window, view, sort: None };
        let mut sieve = Sieve::new(&query);
        self.walk(search, arguments, &mut sieve).await?;
        Ok(sieve.finish().resources)
    }

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
            Lookup::Refers(place, referred, id) => {
                self.follow_reference(&self.kind().find[*place].search, (referred, id), sieve).await
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
        let wanted = Wanted::of(self, sieve.query);
        let takes = |path: &AttributePath| wanted.takes(path);
        match self.gather_unlocked(&located, Extent::Part(wanted.wants(&takes))).await {
            Err(OperationError::NotFound { .. }) => Ok(()),
            account => {
                sieve.take(account?);
                Ok(())
            }
        }
    }

    /// Asks for accounts that refer to the one with this id. To whom no account here belongs, none refers.
    async fn follow_reference(
        &self,
        find: &Search,
        (referred, id): (&str, &str),
        sieve: &mut Sieve<'_>,
    ) -> Result<(), OperationError> {
        let place = self.instance.mapping.types.iter().position(|kind| &*kind.kind.name == referred);
        let Some(place) = place else { return Ok(()) };
        let located = match (Work { kind: place, ..self.clone() }).locate(id) {
            Err(OperationError::NotFound { .. }) => return Ok(()),
            located => located?,
        };
        self.walk(find, vec![Argument { variable: Variable::Value, term: located.term }], sieve).await
    }

    /// Walks the calls of a list to their ends.
    async fn walk(
        &self,
        search: &Search,
        arguments: Vec<Argument>,
        sieve: &mut Sieve<'_>,
    ) -> Result<(), OperationError> {
        let captures = Captures::new();
        let mut walked = 0;
        for step in steps(search, &arguments) {
            let mut pages = self.instance.target.pages(&step, Span::ALL, &captures, &self.budget)?;
            while let Some(documents) = pages.next().await? {
                walked += documents.len();
                self.within_scan(&step, walked)?;
                let mut items = self.identified(search, documents).await?;
                while !items.is_empty() {
                    let (few, read) = self.next_items(search, sieve);
                    let rest = items.split_off(few.min(items.len()));
                    match read {
                        true => {
                            let accounts = Box::pin(self.accounts(search, items, sieve.query)).await?;
                            accounts.into_iter().for_each(|account| sieve.take(account));
                        }
                        false => items.into_iter().for_each(|(located, _)| sieve.count(located.id)),
                    }
                    items = rest;
                }
            }
        }
        Ok(())
    }

    /// How many of the next items to look at, and whether to read them: what lies outside of the window is counted, where the item
    /// alone tells that it counts.
    fn next_items(&self, search: &Search, sieve: &Sieve<'_>) -> (usize, bool) {
        let query = sieve.query;
        let told = search.undecided.is_empty() && !self.kind().is_judged_by_account(search);
        if !told || query.filter.is_some() || query.sort.is_some() {
            return (usize::MAX, true);
        }
        match sieve.ahead() {
            Ahead::Before(count) => (count, false),
            Ahead::Inside(count) => (count, true),
            Ahead::Behind => (usize::MAX, false),
        }
    }

    /// The accounts that one page of items stands for.
    async fn identified(&self, search: &Search, items: Vec<Value>) -> Result<Vec<(Located, Shown)>, OperationError> {
        let kind = self.kind();
        let ours = items.into_iter().filter(|item| !kind.is_absent_item(search, item, self.known()));
        let items = match &search.handle {
            Some(handle) => self.read_by_handle(handle, ours.collect()).await?,
            None => {
                let shown = |document| Shown { version: kind.version_in(&document), document, parts: Vec::new() };
                ours.map(shown).collect()
            }
        };
        self.identify(items).await
    }

    /// Those of these accounts that may match. What items lack is read, unless they can be told apart without it.
    async fn accounts(
        &self,
        search: &Search,
        items: Vec<(Located, Shown)>,
        query: &Query,
    ) -> Result<Vec<Account>, OperationError> {
        let wanted = &Wanted::of(self, query);
        let read = stream::iter(items)
            .map(|(located, shown)| async move { self.whole(search, (located, shown), wanted).await });
        let accounts: Vec<Option<Account>> = read.buffered(PARALLEL).try_collect().await?;
        Ok(accounts.into_iter().flatten().collect())
    }

    /// The accounts that items without keys stand for.
    ///
    /// # Errors
    /// An item has no handle; the target cannot be asked.
    pub async fn read_by_handle(&self, handle: &Path, items: Vec<Value>) -> Result<Vec<Shown>, OperationError> {
        let handles = items.iter().map(|item| handle.first(item).cloned().ok_or(OperationError::Keyless));
        let handles: Vec<Value> = handles.collect::<Result<_, _>>()?;
        let read = stream::iter(handles).map(|value| async move { self.ask(&Term::Value(value)).await });
        let accounts: Vec<Option<Shown>> = read.buffered(PARALLEL).try_collect().await?;
        let ours = |shown: &Shown| !self.kind().is_absent_without(&shown.document, &|_| true, self.known());
        Ok(accounts.into_iter().flatten().filter(ours).collect())
    }

    /// The account of one item, or `None` where it cannot match or is not there.
    async fn whole(
        &self,
        search: &Search,
        (located, mut shown): (Located, Shown),
        wanted: &Wanted<'_>,
    ) -> Result<Option<Account>, OperationError> {
        let (kind, query) = (self.kind(), wanted.query);
        let wants = |path: &AttributePath| wanted.takes(path);
        let by_account = search.handle.is_some();
        let touches = |path: &AttributePath, other: &AttributePath| path.covers(other) || other.covers(path);
        let from_main = |path: &AttributePath| !by_account && search.lacks.iter().any(|one| touches(one, path));
        let lacks = |path: &AttributePath| from_main(path) || kind.named_reads().iter().any(|named| named.feeds(path));
        let instead = search.rules.as_deref().filter(|_| !by_account).unwrap_or_default();
        let mut asked = query.filter.iter().flat_map(Filter::paths).chain(query.sort.iter().map(Sort::path));
        let judged = !search.undecided.is_empty();
        if let Some(filter) = query.filter.as_ref().filter(|_| !judged && !asked.any(lacks)) {
            let part = |path: &AttributePath| wants(path) && !lacks(path);
            let partial = self.seen_item(instead, (&located, shown.clone()), wanted.wants(&part)).await?;
            if !filter.matches(&partial.resource) {
                return Ok(None);
            }
        }
        let extent = Extent::Part(wanted.wants(&wants));
        let found = if !by_account && (kind.is_judged_by_account(search) || search.lacks.iter().any(wants)) {
            self.gather_unlocked(&located, extent).await
        } else if judged {
            match self.put_together(&mut shown, &located, extent).await {
                Ok(()) if kind.is_absent(&shown.document, self.known()) => return Ok(None),
                Ok(()) => self.seen_by(instead, (&located, shown), extent).await,
                Err(error) => Err(error),
            }
        } else {
            self.seen_item(instead, (&located, shown), wanted.wants(&wants)).await
        };
        match found {
            Err(OperationError::NotFound { .. }) => Ok(None),
            account => account.map(Some),
        }
    }

    /// As much of an item's account as is wanted. Conditions need nothing beyond the item.
    async fn seen_item(
        &self,
        instead: &[(usize, Rule)],
        (located, shown): (&Located, Shown),
        wants: Wants<'_>,
    ) -> Result<Account, OperationError> {
        self.seen_by(instead, (located, shown), Extent::Item(wants)).await
    }

    /// One window of everything. The target's own total counts where nothing of its list is hidden; else totals come from walking.
    async fn page(&self, query: &Query) -> Result<Found, OperationError> {
        let list = self.kind().list.as_ref().ok_or(OperationError::NotOffered("listing"))?;
        let listing = self.instance.mapping.call(list.call).listing.as_ref();
        let counted =
            listing.is_some_and(|listing| listing.total.is_some()) && !self.kind().hides() && list.also.is_empty();
        if counted && let Some(found) = self.counted_page(list, query).await? {
            return Ok(found);
        }
        let mut sieve = Sieve::new(query);
        self.walk(list, Vec::new(), &mut sieve).await?;
        Ok(sieve.found)
    }

    /// The window, with the target's own total; `None` where that was no number that could be believed.
    async fn counted_page(&self, list: &Search, query: &Query) -> Result<Option<Found>, OperationError> {
        let step = Step::once(list.call, Vec::new());
        let span = Span { skip: query.window.start - 1, take: Some(query.window.count) };
        let captures = Captures::new();
        let mut pages = self.instance.target.pages(&step, span, &captures, &self.budget)?;
        let mut found = Found::default();
        while let Some(documents) = pages.next().await? {
            let items = self.identified(list, documents).await?;
            let accounts = Box::pin(self.accounts(list, items, query)).await?;
            found.resources.extend(accounts.into_iter().map(|account| account.resource));
        }
        Ok(pages.total().map(|total| Found { total, ..found }))
    }

    /// Accounts that may hold this value, for a create that must not make a second one.
    pub(super) async fn candidates(&self, path: &AttributePath, value: &Value) -> Result<Vec<Account>, OperationError> {
        let parse = |text: &str| Filter::parse(text, &self.kind().kind).map_err(|_| OperationError::NoKey);
        let asked = parse(&format!("{path} eq {value}"))?;
        let lookup = plan::search(&self.instance.mapping, (self.kind(), self.known()), &asked)?;
        // A new account of which no sent form is remembered yet shows what the target made of it.
        let filter = match self.kind().reads_back(path, value, self.known()) {
            Some(shown) if shown != *value => parse(&format!("{path} eq {value} or {path} eq {shown}"))?,
            _ => asked.clone(),
        };
        let query =
            Query { filter: Some(filter), window: Window { start: 1, count: 2 }, view: View::all(), sort: None };
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

/// What a query wants of each account: what it shows, and what it looks at to find and to sort.
struct Wanted<'a> {
    query: &'a Query,
    kind: &'a ResourceType,
    /// All that it can be, where that is known.
    among: Option<Vec<AttributePath>>,
}

impl<'a> Wanted<'a> {
    fn of(work: &'a Work, query: &'a Query) -> Wanted<'a> {
        let kind = &work.kind().kind;
        let looked_at = query.filter.iter().flat_map(Filter::paths).chain(query.sort.iter().map(Sort::path));
        let among = query.view.attributes(kind).map(|shown| shown.chain(looked_at.cloned()).collect());
        Wanted { query, kind, among }
    }

    fn takes(&self, path: &AttributePath) -> bool {
        let touches = |asked: &AttributePath| path.covers(asked) || asked.covers(path);
        self.query.sort.as_ref().is_some_and(|sort| touches(sort.path()))
            || self.query.view.wants(path, self.kind)
            || self.query.filter.iter().flat_map(Filter::paths).any(touches)
    }

    /// Of what is wanted, what these take.
    fn wants<'w>(&'w self, takes: &'w (dyn Fn(&AttributePath) -> bool + Sync)) -> Wants<'w> {
        Wants::among(self.among.as_deref(), takes)
    }
}
