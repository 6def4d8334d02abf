//! Gather, the target's side: the document of an account, put together from just those answers that what is wanted needs.

use crate::engine::account::{Extent, Located, Shown};
use crate::engine::{OperationError, Work};
use crate::mapping::{Main, NamedRead, Search, Sends, TypeMapping, Wants};
use crate::plan::{self, Planned};
use crate::target::{Captures, Span, Use};
use crate::wire::answer::is_empty;
use crate::wire::{Argument, Meaning, Step, StepKind, Term, Variable};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Map, Value};
use std::sync::Arc;

/// How many answers of one account, or accounts of one page, are awaited at a time.
pub(super) const PARALLEL: usize = 8;

impl Extent<'_> {
    /// Does the extent need this read?
    fn needs(&self, named: &NamedRead) -> bool {
        match self {
            Extent::Whole => true,
            Extent::Part(wants) => named.judges || named.feeds_any(*wants),
            Extent::Item(wants) => named.feeds_any(*wants),
            // A write may name any field; only what feeds nothing but attributes that it leaves alone may stay away.
            Extent::Rest(wants) => named.judges || named.fills || named.feeds.is_empty() || named.feeds_any(*wants),
        }
    }
}

impl Work {
    /// The whole account; `None`: it is not there.
    ///
    /// # Errors
    /// The target cannot be asked, or answers what the mapping does not expect.
    pub async fn fetch(&self, located: &Located) -> Result<Option<Shown>, OperationError> {
        self.fetch_part(located, Extent::Whole).await
    }

    /// As much of the account as is wanted; `None`: it is not there.
    pub(super) async fn fetch_part(
        &self,
        located: &Located,
        extent: Extent<'_>,
    ) -> Result<Option<Shown>, OperationError> {
        let Some(mut shown) = self.fetch_main(located).await? else { return Ok(None) };
        if self.kind().is_absent_without(&shown.document, &|_| true, self.known()) {
            return Ok(None);
        }
        self.put_together(&mut shown, located, extent).await?;
        Ok((!self.kind().is_absent(&shown.document, self.known())).then_some(shown))
    }

    /// Is the account there? Asks for no more than tells that.
    pub(super) async fn is_there(&self, located: &Located) -> Result<bool, OperationError> {
        Ok(self.fetch_part(located, Extent::Part(Wants::NOTHING)).await?.is_some())
    }

    /// The main answer of the account with this key.
    pub(super) async fn fetch_main(&self, located: &Located) -> Result<Option<Shown>, OperationError> {
        let kind = self.kind();
        if let Some(fixed) = &kind.fixed {
            let own = |document: &&Value| kind.key_of(document).as_ref() == Some(&located.key);
            return Ok(fixed.iter().find(own).map(|document| Shown::of(document.clone())));
        }
        let shown = match kind.read.as_ref().ok_or(OperationError::NotOffered("reading"))?.account {
            Main::Call(_) => self.ask(&located.term).await?,
            Main::Listed => Box::pin(self.find_listed(located)).await?,
        };
        let Some(shown) = shown else { return Ok(None) };
        match kind.key_of(&shown.document) {
            // A target that answers with another account than asked for would let one id show another's data.
            Some(key) => Ok((key == located.key).then_some(shown)),
            None if is_empty(&shown.document) || kind.is_absent(&shown.document, self.known()) => Ok(None),
            None => Err(OperationError::Keyless),
        }
    }

    /// The answer of the read call for this key or handle.
    pub(super) async fn ask(&self, key: &Term) -> Result<Option<Shown>, OperationError> {
        let planned = plan::read(self.kind(), key).ok_or(OperationError::NotOffered("reading"))?;
        let outcome = self.instance.target.run(Use::Read, &planned.step, &mut Captures::new(), &self.budget).await?;
        match outcome.meaning {
            Meaning::Ok | Meaning::Empty => Ok(self.shown(outcome)),
            Meaning::Absent => Ok(None),
            _ => Err(self.unexpected(&planned, &outcome)),
        }
    }

    /// The item with this key: of the find row that looks for keys, else of the list, walked until it comes.
    async fn find_listed(&self, located: &Located) -> Result<Option<Shown>, OperationError> {
        let kind = self.kind();
        let listed = || kind.list.as_ref().map(|list| (list, Vec::new()));
        let value = || match &located.term {
            Term::Value(value) => value.clone(),
            _ => Value::from(located.key.clone()),
        };
        let found = kind.find_by_key().map(|find| (&find.search, vec![Argument::of(Variable::Value, value())]));
        let (search, arguments) = found.or_else(listed).ok_or(OperationError::NotOffered("listing"))?;
        for step in steps(search, &arguments) {
            let captures = Captures::new();
            let mut pages = self.instance.target.pages(&step, Span::ALL, &captures, &self.budget)?;
            let mut walked = 0;
            while let Some(items) = pages.next().await? {
                walked += items.len();
                let item = items.into_iter().find(|item| kind.key_of(item).as_deref() == Some(&located.key));
                if let Some(document) = item {
                    let version = kind.version_in(&document);
                    return Ok(Some(Shown { document, version, parts: Vec::new() }));
                }
                self.within_scan(&step, walked)?;
            }
        }
        Ok(None)
    }

    /// Says so where more was walked than the mapping allows.
    pub(super) fn within_scan(&self, step: &Step, walked: usize) -> Result<(), OperationError> {
        let scan = self.instance.mapping.call(step.call).listing.as_ref().and_then(|listing| listing.scan);
        match scan {
            Some(scan) if walked > scan => Err(OperationError::TooMany { scan }),
            _ => Ok(()),
        }
    }

    /// Adds to a document the answers that the extent needs and that are not in it yet.
    ///
    /// # Errors
    /// One cannot be had: then the account is not known.
    pub(super) async fn put_together(
        &self,
        shown: &mut Shown,
        located: &Located,
        extent: Extent<'_>,
    ) -> Result<(), OperationError> {
        let all = self.kind().named_reads();
        let missing = |named: &NamedRead| extent.needs(named) && !shown.parts.contains(&named.name);
        let needed: Vec<usize> = (0..all.len()).filter(|place| missing(&all[*place])).collect();
        if needed.is_empty() {
            return Ok(());
        }
        // Most accounts are one answer: their reads need not carry the room for this.
        Box::pin(self.lay_in_all(needed, shown, located)).await
    }

    async fn lay_in_all(&self, needed: Vec<usize>, shown: &mut Shown, located: &Located) -> Result<(), OperationError> {
        let (all, document) = (self.kind().named_reads(), &shown.document);
        let answers = stream::iter(needed).map(|place| async move {
            let named = &all[place];
            Ok::<_, OperationError>((named.name.clone(), self.part(named, document, located).await?))
        });
        let answers: Vec<(Arc<str>, Value)> = answers.buffered(PARALLEL).try_collect().await?;
        for (name, answer) in answers {
            self.lay_in(shown, name, answer)?;
        }
        Ok(())
    }

    fn lay_in(&self, shown: &mut Shown, name: Arc<str>, answer: Value) -> Result<(), OperationError> {
        if !shown.document.is_object() {
            shown.document = Value::Object(Map::new());
        }
        let Value::Object(fields) = &mut shown.document else { return Ok(()) };
        let hidden = fields.insert(name.to_string(), answer).is_some_and(|hidden| !hidden.is_null());
        // Sent back without its own field, the account would lose it.
        if hidden && self.kind().update.iter().any(|row| row.sends == Sends::Account) {
            return Err(OperationError::Hidden { name });
        }
        shown.parts.push(name);
        Ok(())
    }

    /// One further answer.
    async fn part(&self, named: &NamedRead, document: &Value, located: &Located) -> Result<Value, OperationError> {
        let planned = plan::part(&self.instance.mapping, named, (&located.term, Some(document)));
        let target = &self.instance.target;
        if planned.step.kind == StepKind::Pages {
            let captures = Captures::new();
            let mut pages = target.pages(&planned.step, Span::ALL, &captures, &self.budget)?;
            let mut all = Vec::new();
            loop {
                match pages.next().await {
                    Ok(Some(items)) => all.extend(items),
                    Ok(None) => return Ok(Value::Array(all)),
                    Err(error) => return Err(self.gone_or(located, error.into()).await),
                }
                self.within_scan(&planned.step, all.len())?;
            }
        }
        let outcome = target.part(&planned.step, &self.budget).await?;
        let unfit = || {
            let call = plan::call_of(&self.instance.mapping, &planned);
            OperationError::Unfit { call: call.name.clone(), line: call.line, meaning: outcome.meaning.word() }
        };
        match outcome.meaning {
            Meaning::Ok | Meaning::Empty => Ok(outcome.account.unwrap_or_default()),
            Meaning::Absent => Err(self.gone_or(located, unfit()).await),
            // It carries nothing of the client's that could be wrong.
            Meaning::Invalid | Meaning::Check | Meaning::Taken => Err(unfit()),
            _ => Err(self.unexpected(&planned, &outcome)),
        }
    }

    /// Part of an account may be missing because all of it went meanwhile. Anything else is the error it is.
    async fn gone_or(&self, located: &Located, error: OperationError) -> OperationError {
        match self.fetch_main(located).await {
            Ok(None) => OperationError::not_found(self.kind(), &located.id),
            _ => error,
        }
    }
}

/// The steps that together walk a list.
pub(super) fn steps<'a>(search: &'a Search, arguments: &'a [Argument]) -> impl Iterator<Item = Step> + 'a {
    search.calls().map(|call| Step { kind: StepKind::Pages, ..Step::once(call, arguments.to_vec()) })
}

/// The steps that read an account, the main one first.
pub(super) fn reads(work: &Work, key: &Term) -> Result<Vec<Planned>, OperationError> {
    let kind: &TypeMapping = work.kind();
    let main = match kind.read.as_ref().map(|read| read.account) {
        Some(Main::Call(_)) => plan::read(kind, key).into_iter().collect(),
        Some(Main::Listed) => kind.list.iter().flat_map(|list| list.calls().map(plan::walk)).collect(),
        None => Vec::new(),
    };
    if main.is_empty() {
        return Err(OperationError::NotOffered("reading"));
    }
    let parts = kind.named_reads().iter().map(|named| plan::part(&work.instance.mapping, named, (key, None)));
    Ok(main.into_iter().chain(parts).collect())
}
