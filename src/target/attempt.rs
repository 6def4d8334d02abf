//! Getting an answer: one call sent, waited for, and repeated only where that cannot do anything twice.

use super::error::{Doubt, TargetError, Trouble, Written};
use super::judge::{Said, Verdict};
use super::line::{LineError, Sent};
use super::outcome::words;
use super::sessions::Known;
use super::{Budget, Target, Use};
use crate::wire::answer::is_told_by_status;
use crate::wire::encode::{decode_answer, is_document};
use crate::wire::{Answer, AnswerRow, Call, Credential, IfUncertain, Meaning, Scope, Step, Variable, Wanted};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Value;
use std::borrow::Cow;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// How often a busy target is asked again.
const BUSY_RETRIES: u32 = 3;
/// The first wait for a busy target that names none; each further one is twice as long.
const BUSY_WAIT: Duration = Duration::from_millis(500);
/// A target that says "at once" gets a breath all the same.
const BUSY_LEAST: Duration = Duration::from_millis(50);
/// Between a failed connection and the next one.
const RECONNECT: Duration = Duration::from_millis(100);
/// The line keeps the deadline itself and knows whether anything was sent; this is for one that does not.
const GRACE: Duration = Duration::from_millis(250);

/// One step's call, to be answered within its budget.
pub(super) struct Attempt<'a> {
    pub(super) target: &'a Target,
    pub(super) call: &'a Call,
    pub(super) usage: Use,
    pub(super) if_uncertain: IfUncertain,
    pub(super) budget: &'a Budget,
    /// How the target is told who calls.
    pub(super) auth: Auth<'a>,
}

/// How the target is told who calls.
#[derive(Clone, Copy, Debug)]
pub(super) enum Auth<'a> {
    /// As the mapping says, if it says anything.
    With(Option<&'a Credential>),
    /// In a way of its own or not at all: this call finds out how. A refusal of it is the end.
    Bare(Option<&'a Credential>),
}

impl<'a> Auth<'a> {
    pub(super) fn credential(self) -> Option<&'a Credential> {
        match self {
            Auth::With(credential) | Auth::Bare(credential) => credential,
        }
    }
}

/// What conditions on answers may name.
struct Named<'a> {
    known: &'a Known,
    target: &'a Target,
}

impl Scope for Named<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Lookup(name) => match self.known.value(name) {
                Some(value) => Some(Cow::Borrowed(value)),
                None => self.target.value(variable),
            },
            other => self.target.value(other),
        }
    }
}

/// An answer with what it means.
pub(super) struct Received<'a> {
    pub(super) answer: Answer,
    pub(super) meaning: Meaning,
    pub(super) row: Option<&'a AnswerRow>,
    /// What a function said beside the meaning.
    pub(super) said: Said,
    /// There was no body at all, not even `null`.
    pub(super) bare: bool,
    /// May the target have seen an earlier attempt?
    earlier: Option<Sent>,
}

/// What earlier attempts left behind.
#[derive(Default)]
struct Tally {
    resent: Option<Sent>,
    waits: u32,
}

impl<'a> Attempt<'a> {
    /// Sends the request until there is an answer that means something, or no attempt is left. `LoginAgain` is for the caller to act on.
    pub(super) async fn answer(
        &self,
        request: &Request<Bytes>,
        (known, step): (&Known, &Step),
    ) -> Result<Received<'a>, TargetError> {
        let mut tally = Tally::default();
        loop {
            if self.budget.is_spent() {
                return Err(self.failed(Trouble::OutOfTime, &tally));
            }
            match self.send(request.clone()).await {
                Ok(reply) => {
                    let understood =
                        self.understand(reply, (known, step)).map_err(|error| self.doubted(error, &tally))?;
                    let received = Received { earlier: tally.resent, ..understood };
                    match self.wait_for(&received, &tally) {
                        None => return self.settle(received, &tally),
                        Some(wait) => sleep(wait).await,
                    }
                    tally.waits += 1;
                }
                Err(error) if self.may_resend(error, &tally) => {
                    tally.resent = Some(sent(error));
                    sleep(RECONNECT).await;
                }
                Err(error) => return Err(self.failed(self.trouble(error), &tally)),
            }
        }
    }

    /// An error before anything was sent.
    pub(super) fn refused(&self, trouble: Trouble) -> TargetError {
        TargetError::at(self.call, trouble, Written::No)
    }

    /// An error in an answer of this status: a write that was refused did nothing, anything else may have.
    pub(super) fn after_answer(&self, trouble: Trouble, status: StatusCode) -> TargetError {
        let written = match self.usage {
            // A redirect after a write is how forms say that it was done.
            Use::Write | Use::Create if !status.is_client_error() => Written::Maybe,
            Use::Write | Use::Create | Use::Read => Written::No,
        };
        TargetError::at(self.call, trouble, written)
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, LineError> {
        self.budget.count();
        let deadline = self.budget.deadline().min(Instant::now() + self.target.instance.timeout);
        let exchange = self.target.line.exchange(self.call, request, deadline);
        timeout_at(deadline + GRACE, exchange).await.unwrap_or(Err(LineError::TimedOut { sent: Sent::Maybe }))
    }

    fn understand(&self, reply: Response<Bytes>, (known, step): (&Known, &Step)) -> Result<Received<'a>, TargetError> {
        let (head, body) = reply.into_parts();
        let bare = body.iter().all(u8::is_ascii_whitespace);
        let body = match self.is_unread(step, head.status) && is_document(&body) {
            true => Value::Null,
            false => decode_answer(self.call.decode, &head.headers, &body),
        };
        let answer = Answer { status: head.status, headers: head.headers, body };
        let judged = self.target.instance.judge(self.call, &answer, &Named { known, target: self.target });
        // What a write did is not known where nobody can say what its answer means, whatever the status.
        let written = if self.usage == Use::Read { Written::No } else { Written::Maybe };
        let Verdict { meaning, row, said } = judged.map_err(|trouble| TargetError::at(self.call, trouble, written))?;
        Ok(Received { answer, meaning, row, said, bare, earlier: None })
    }

    /// Does nobody look into the answer's document? A group of 50,000 that comes back as it was written takes megabytes.
    fn is_unread(&self, step: &Step, status: StatusCode) -> bool {
        self.usage == Use::Write
            && step.wanted == Wanted::Meaning
            && step.captures.is_empty()
            && self.call.key.is_none()
            && is_told_by_status(&self.call.answers, status)
    }

    /// How long to wait before a busy target is asked again; `None`: it is not, or not any more.
    fn wait_for(&self, received: &Received, tally: &Tally) -> Option<Duration> {
        if received.meaning != Meaning::Busy || tally.waits >= BUSY_RETRIES {
            return None;
        }
        let asked = received.retry_after();
        // Whoever names a wait, or counts requests, has not made it. A 503 from something in between says nothing.
        if self.usage == Use::Create && asked.is_none() && received.answer.status != StatusCode::TOO_MANY_REQUESTS {
            return None;
        }
        let wait = asked.unwrap_or(BUSY_WAIT * 2u32.pow(tally.waits));
        let wait = wait.max(BUSY_LEAST);
        self.budget.outlasts(wait).then_some(wait)
    }

    fn settle(&self, received: Received<'a>, tally: &Tally) -> Result<Received<'a>, TargetError> {
        let status = received.answer.status;
        let trouble = match received.meaning {
            Meaning::Busy => {
                let asked = received.retry_after();
                let trouble = Trouble::Busy { retry_after: asked };
                if self.usage == Use::Create && asked.is_none() && status != StatusCode::TOO_MANY_REQUESTS {
                    return Err(self.doubted(self.after_answer(trouble, status), tally));
                }
                trouble
            }
            Meaning::Broken => {
                let trouble = Trouble::Broken { status: Some(status), detail: words(&received, self.target) };
                return Err(self.doubted(self.after_answer(trouble, status), tally));
            }
            _ => return Ok(received),
        };
        Err(self.failed(trouble, tally))
    }

    /// The target does not let us in: there is no session that could be renewed, or a new one is refused too.
    pub(super) fn not_let_in(&self, received: &Received) -> TargetError {
        let status = received.answer.status;
        let passed = self.auth.credential().is_some_and(Credential::passes_through);
        let trouble = if passed { Trouble::NotLetIn { status } } else { Trouble::Credentials { status } };
        self.failed(trouble, &Tally { resent: received.earlier, waits: 0 })
    }

    fn may_resend(&self, error: LineError, tally: &Tally) -> bool {
        let harmless = self.usage == Use::Read || self.if_uncertain == IfUncertain::Repeat;
        let wanted = match error {
            LineError::Unreachable | LineError::Broken { sent: Sent::No } => true,
            LineError::Broken { sent: Sent::Maybe } => harmless,
            // A slow read is not made faster by asking twice; a write that may be repeated is worth knowing about.
            LineError::TimedOut { sent: Sent::Maybe } => self.usage != Use::Read && harmless,
            LineError::TimedOut { sent: Sent::No }
            | LineError::TooLarge
            | LineError::Queue
            | LineError::Unsendable(_)
            | LineError::Unreadable(_) => false,
        };
        wanted && tally.resent.is_none() && self.budget.outlasts(RECONNECT)
    }

    fn trouble(&self, error: LineError) -> Trouble {
        let uncertain = |doubt, certain| match (self.usage, sent(error)) {
            (Use::Write | Use::Create, Sent::Maybe) => Trouble::Uncertain(doubt),
            _ => certain,
        };
        match error {
            LineError::Unreachable => Trouble::Unreachable,
            LineError::Queue => Trouble::Queue,
            LineError::TimedOut { .. } => uncertain(Doubt::TimedOut, Trouble::TimedOut),
            LineError::Broken { .. } => uncertain(Doubt::Broken, Trouble::Broken { status: None, detail: None }),
            LineError::TooLarge => uncertain(Doubt::TooLarge, Trouble::TooLarge),
            LineError::Unreadable(words) => uncertain(Doubt::Unreadable, Trouble::Nonsense(words)),
            LineError::Unsendable(words) => Trouble::Mapping(words.to_owned()),
        }
    }

    fn failed(&self, trouble: Trouble, tally: &Tally) -> TargetError {
        let written = if matches!(trouble, Trouble::Uncertain(_)) { Written::Maybe } else { Written::No };
        self.doubted(TargetError::at(self.call, trouble, written), tally)
    }

    /// A refusal of the second attempt says nothing about the first.
    fn doubted(&self, error: TargetError, tally: &Tally) -> TargetError {
        match (self.usage, tally.resent, &error.trouble) {
            (Use::Write | Use::Create, Some(Sent::Maybe), trouble) if !matches!(trouble, Trouble::Uncertain(_)) => {
                TargetError::at(self.call, Trouble::Uncertain(Doubt::Earlier), Written::Maybe)
            }
            _ => error,
        }
    }
}

fn sent(error: LineError) -> Sent {
    match error {
        LineError::Unreachable | LineError::Queue | LineError::Unsendable(_) => Sent::No,
        LineError::TimedOut { sent } | LineError::Broken { sent } => sent,
        LineError::TooLarge | LineError::Unreadable(_) => Sent::Maybe,
    }
}
