//! A call from its placeholders to its answer: what must be looked up for it, the credentials, and once more after a new log-in.

use super::attempt::{Attempt, Auth, Received};
use super::error::{TargetError, Trouble};
use super::outcome::header;
use super::request::Form;
use super::sessions::{Ends, Held, Known, holes};
use super::supply::{Captures, Supply, Turn};
use super::{Budget, Target, Use};
use crate::wire::{
    Argument, Expires, IfUncertain, Lives, Lookup, LookupId, Meaning, Path, Scope, Step, Take, Variable,
};
use http::Uri;
use http::header::SET_COOKIE;
use serde_json::Value;
use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout_at};

/// What a call is filled from, beside what is looked up.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) step: &'a Step,
    pub(super) captures: &'a Captures,
    /// Drawn once per step, so that a repeated request is the same request.
    pub(super) random: &'a str,
    pub(super) turn: &'a Turn,
}

/// An answer, the URL that it came from, and the session that was over before it.
pub(super) struct Asked<'a> {
    pub(super) received: Received<'a>,
    pub(super) url: Uri,
    /// The generation of sessions that it was got with.
    pub(super) generation: u64,
    pub(super) known: Known,
}

impl<'a> Attempt<'a> {
    /// Gets the answer to the call, at `link` where the answer before named a URL. Where the target says that the session is over, a new
    /// one is got and the refused call made once more: it did nothing the first time.
    pub(super) async fn ask(&self, ground: Ground<'_>, link: Option<&Uri>) -> Result<Asked<'a>, TargetError> {
        let target = self.target;
        let mut renewed = matches!(self.auth, Auth::Bare(_));
        loop {
            let generation = target.sessions.generation();
            let known = target.know(self, ground).await?;
            let settings = &target.instance.settings;
            let supply = Supply::of(ground, settings, &known);
            let auth = self.auth.credential();
            let (caller, now) = (self.budget.authorization(), (target.instance.now)());
            let form = Form { address: &target.instance.address, auth, caller, now };
            let request = match link {
                Some(url) => form.request_to(url.clone(), self.call, &supply),
                None => form.fill(self.call, &supply),
            };
            let request = request.map_err(|trouble| self.refused(trouble))?;
            let received = self.answer(&request, (&known, ground.step)).await?;
            match known.session().filter(|_| received.meaning == Meaning::LoginAgain && !renewed) {
                Some(session) => target.sessions.end(session),
                None if received.meaning == Meaning::LoginAgain => return Err(self.not_let_in(&received)),
                None => return Ok(Asked { received, url: request.uri().clone(), generation, known }),
            }
            renewed = true;
        }
    }
}

impl Target {
    /// Everything that the call, its step and the credentials name.
    async fn know(&self, attempt: &Attempt<'_>, ground: Ground<'_>) -> Result<Known, TargetError> {
        let mut known = Known::default();
        if self.sessions.lookups.is_empty() {
            return Ok(known);
        }
        let mut ids = self.sessions.named(holes(attempt.call, ground.step));
        let by_auth = attempt.auth.credential().map(crate::wire::Credential::lookups).unwrap_or_default();
        ids.extend(by_auth.iter().filter_map(|name| self.sessions.place(name)));
        for id in &ids {
            let held = self.look_up(*id, ground, attempt.budget).await?;
            known.put(self.sessions.lookups[*id].name.clone(), held);
        }
        // Getting one of them may have shown that the session of another was over.
        let lookups = &self.sessions.lookups;
        let over = |known: &Known, id: usize| {
            let session = known.held(&lookups[id].name).and_then(|held| held.session);
            session.is_some_and(|session| session < self.sessions.generation())
        };
        for id in ids {
            if !over(&known, id) {
                continue;
            }
            let held = self.look_up(id, ground, attempt.budget).await?;
            known.put(lookups[id].name.clone(), held);
        }
        Ok(known)
    }

    /// The value of a lookup: the one that is held, or a new one, which one alone gets while the others wait.
    pub(super) fn look_up<'a>(
        &'a self,
        id: LookupId,
        ground: Ground<'a>,
        budget: &'a Budget,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Held>, TargetError>> + Send + 'a>> {
        Box::pin(async move {
            let sessions = &self.sessions;
            if let Some(held) = sessions.fresh(id) {
                return Ok(held);
            }
            if sessions.lookups[id].lives == Lives::Once {
                return self.get(id, ground, budget).await.map(Arc::new);
            }
            let since = Instant::now();
            let Ok(_turn) = timeout_at(budget.deadline(), sessions.turn(id)).await else {
                let call = self.call(sessions.lookups[id].call)?;
                return Err(TargetError::at(call, Trouble::OutOfTime, super::Written::No));
            };
            if let Some(held) = sessions.fresh(id) {
                return Ok(held);
            }
            if let Some(error) = sessions.failure_since(id, since) {
                return Err(error);
            }
            let got = self.get(id, ground, budget).await.inspect_err(|error| sessions.note_failure(id, error));
            let held = Arc::new(got?);
            sessions.keep(id, &held);
            Ok(held)
        })
    }

    async fn get(&self, id: LookupId, ground: Ground<'_>, budget: &Budget) -> Result<Held, TargetError> {
        let lookup = &self.sessions.lookups[id];
        let call = self.call(lookup.call)?;
        let auth = if lookup.bare { Auth::Bare(lookup.credential.as_ref()) } else { self.auth() };
        let attempt = Attempt { target: self, call, usage: Use::Read, if_uncertain: IfUncertain::Repeat, budget, auth };
        let token = self.token_before(id).map_err(|trouble| attempt.refused(trouble))?;
        let arguments = token.map(|token| Argument::of(Variable::Value, token)).into_iter().collect();
        let (nothing, captures, turn) = (Step::once(lookup.call, arguments), Captures::new(), Turn::default());
        let apart = Ground { step: &nothing, captures: &captures, random: ground.random, turn: &turn };
        let ground = if lookup.lives == Lives::Once { Ground { turn: &turn, ..ground } } else { apart };
        let url = self.own_url(lookup).map_err(|trouble| attempt.refused(trouble))?;
        let asked = attempt.ask(ground, url.as_ref()).await?;
        let status = asked.received.answer.status;
        match asked.received.meaning {
            Meaning::Ok => {}
            Meaning::Absent | Meaning::Empty => return Err(attempt.refused(nothing_found(lookup))),
            // Wrong passwords are told in many ways.
            _ if lookup.lives == Lives::Session => return Err(attempt.refused(Trouble::Credentials { status })),
            _ => {
                let detail = super::outcome::words(&asked.received, self);
                return Err(attempt.refused(Trouble::Broken { status: Some(status), detail }));
            }
        }
        self.held(lookup, &asked).map_err(|trouble| attempt.refused(trouble))
    }

    /// The token that the answer before gave, or the first one: for a call that takes one and gives another.
    fn token_before(&self, id: LookupId) -> Result<Option<Value>, Trouble> {
        let Some(rotation) = &self.sessions.lookups[id].rotates else { return Ok(None) };
        if let Some(next) = self.sessions.last(id).and_then(|held| held.next.clone()) {
            return Ok(Some(next));
        }
        let first = rotation.first.fill(&self.instance.settings);
        first.map(Some).ok_or_else(|| Trouble::Mapping("there is no first token".to_owned()))
    }

    /// Where the call of a lookup goes, if that is no path of the call. An absolute URL comes from a setting, never from an answer.
    fn own_url(&self, lookup: &Lookup) -> Result<Option<Uri>, Trouble> {
        let Some(template) = &lookup.url else { return Ok(None) };
        let text = template.fill_text(&self.instance.settings).unwrap_or_default();
        let url = match text.starts_with('/') {
            true => self.instance.address.join(&text),
            false => self.instance.address.elsewhere(&text),
        };
        let wrong = || Trouble::Mapping("its setting is neither a path nor an `https` URL".to_owned());
        url.ok_or_else(wrong).map(Some)
    }

    /// Looks whether the URLs that settings give can be called.
    ///
    /// # Errors
    /// The lookup whose URL cannot.
    pub fn check_urls(&self) -> Result<(), Arc<str>> {
        match self.sessions.lookups.iter().find(|lookup| self.own_url(lookup).is_err()) {
            Some(lookup) => Err(lookup.name.clone()),
            None => Ok(()),
        }
    }

    fn held(&self, lookup: &Lookup, asked: &Asked<'_>) -> Result<Held, Trouble> {
        let answer = &asked.received.answer;
        let cookies: Vec<String> = answer
            .headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|cookie| Some(cookie.to_str().ok()?.split(';').next()?.trim().to_owned()))
            .filter(|cookie| cookie.contains('='))
            .collect();
        let value = match &lookup.take {
            Take::At(path) => taken(path, &answer.body),
            Take::Header(name) => header(&answer.headers, name).map(Value::from),
            Take::Cookies => (!cookies.is_empty()).then_some(Value::Null),
        };
        let value = value.filter(|value| value.as_str() != Some("")).ok_or_else(|| nothing_found(lookup))?;
        let session = match lookup.lives {
            Lives::Session => Some(asked.generation),
            Lives::Once => asked.known.session(),
            Lives::Forever => None,
        };
        let ends = lookup.expires.as_ref().and_then(|expires| ends(expires, &answer.body));
        let rotated = lookup.rotates.as_ref().and_then(|rotation| rotation.at.first(&answer.body).cloned());
        // RFC 6749 §6: without a new token the old one stays good.
        let next = rotated.or_else(|| self.sessions.last(self.sessions.place(&lookup.name)?)?.next.clone());
        Ok(Held { value, cookies, next, session, until: ends.and_then(|ends| self.sessions.until(ends)) })
    }

    /// Gets what rules and conditions name, so that it is known when they are asked.
    ///
    /// # Errors
    /// It cannot be got.
    pub async fn prepare(&self, lookups: &[LookupId], budget: &Budget) -> Result<(), TargetError> {
        for id in lookups.iter().filter(|id| self.sessions.fresh(**id).is_none()) {
            let (step, captures, turn) =
                (Step::once(crate::wire::CallId(0), Vec::new()), Captures::new(), Turn::default());
            let ground = Ground { step: &step, captures: &captures, random: "", turn: &turn };
            self.look_up(*id, ground, budget).await?;
        }
        Ok(())
    }
}

/// What conditions and rules may name beside the account: settings, and lookups that were got.
impl Scope for Target {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Lookup(name) => {
                let held = self.sessions.last(self.sessions.place(name)?)?;
                Some(Cow::Owned(held.value.clone()))
            }
            other => self.instance.settings.value(other),
        }
    }
}

/// The value there; of a path that may lead to many places, all of them as a list.
fn taken(path: &Path, body: &Value) -> Option<Value> {
    if path.hops().is_some() {
        return path.first(body).cloned();
    }
    let all: Vec<Value> = path.all(body).into_iter().filter(|one| !one.is_null()).cloned().collect();
    (!all.is_empty()).then_some(Value::Array(all))
}

fn nothing_found(lookup: &Lookup) -> Trouble {
    Trouble::NothingFound { lookup: lookup.name.clone() }
}

fn ends(expires: &Expires, body: &Value) -> Option<Ends> {
    match expires {
        Expires::After(seconds) => Some(Ends::After(Duration::from_secs(*seconds))),
        Expires::In(path) => {
            let seconds = path.first(body)?;
            let seconds = seconds.as_f64().or_else(|| seconds.as_str()?.trim().parse().ok())?;
            Duration::try_from_secs_f64(seconds).ok().map(Ends::After)
        }
        Expires::At(path, moment) => {
            let millis = u64::try_from(moment.millis(path.first(body)?)?).ok()?;
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)).map(Ends::At)
        }
    }
}
