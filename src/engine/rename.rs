//! Changes that move an account's key: it is found under the new one from then on, by the same id.

use crate::engine::account::Located;
use crate::engine::run::Ran;
use crate::engine::{OperationError, Work};
use crate::plan::{self, Planned};
use crate::scim::fold::fold;
use crate::store::{Link, LinkState};
use crate::target::Captures;
use crate::wire::Term;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a rename waits for writes to an account whose key it took.
const PATIENCE: Duration = Duration::from_secs(1);

impl Work {
    /// Runs the steps. After one that moves the account's key the new one is noted before anything else is sent.
    pub(super) async fn run_and_follow(
        &self,
        mut located: Located,
        steps: &[Planned],
    ) -> Result<(Located, Ran), OperationError> {
        let (mut captures, mut doubts, mut account) = (Captures::default(), Vec::new(), None);
        for part in steps.split_inclusive(|planned| planned.moves_to.is_some()) {
            let mut ran = self.run(part, &mut captures).await?;
            if let Some(key) = part.last().and_then(|planned| planned.moves_to.as_deref()) {
                located = self.follow_key(located, key, &mut ran).await?;
            }
            doubts.append(&mut ran.doubts);
            account = ran.account;
        }
        Ok((located, Ran { account, key: None, doubts }))
    }

    /// The account's key was moved: it is found under the new one from here on, by the same id.
    async fn follow_key(&self, located: Located, sent: &str, ran: &mut Ran) -> Result<Located, OperationError> {
        let kind = self.kind();
        let Some(link) = &located.link else { return Ok(located) };
        let shown = ran.account.as_ref().and_then(|shown| kind.key_of(&shown.document));
        let unsure = ran.doubts.pop_if(|(planned, _)| planned.moves_to.is_some());
        // In doubt the account is where it is; what would follow speaks of the new key. Another case of a name may be none to the
        // target: then the account stays where it was, too.
        let other_case = fold(sent) == fold(&located.key);
        // The target's form of the key wins.
        let key = shown.clone().unwrap_or_else(|| sent.to_owned());
        let others = self.holders_of(&key, &link.scim_id)?;
        // A target that says yes and leaves a key with whoever has it has not renamed anybody.
        let may_stay = unsure.is_some() || (shown.is_none() && (other_case || !others.is_empty()));
        if may_stay && self.is_there(&located).await? {
            return match unsure {
                Some((_, error)) if !other_case => Err(error),
                None if !other_case => Err(OperationError::NotDone { detail: None }),
                unsure => {
                    ran.doubts.extend(unsure);
                    Ok(located)
                }
            };
        }
        ran.doubts.extend(unsure);
        let term = Term::Value(plan::key_value(kind, &key).ok_or(OperationError::NoKey)?);
        let mut link = (**link).clone();
        (link.target_key, link.changed) = (key.clone(), (self.gateway.now)());
        // Whoever had that key before us has it no longer.
        for other in others {
            // Whoever writes there writes to nobody; the wait is short, as two renames may want each other's keys.
            let soon = self.budget.deadline().min(Instant::now() + PATIENCE);
            let name = format!("{}/id/{}", self.kind().kind.name, other.scim_id);
            let _turn = self.instance.locks.acquire(name, soon).await.ok();
            self.gateway.store.bury(&self.scope(), &other.scim_id, link.changed).await?;
        }
        self.gateway.store.save_links(&self.scope(), vec![link.clone()]).await?;
        Ok(Located { key, term, link: Some(Arc::new(link)), ..located })
    }

    /// Whoever else is known under this key.
    fn holders_of(&self, key: &str, but: &str) -> Result<Vec<Arc<Link>>, OperationError> {
        let holders = self.gateway.store.links_by_keys(&self.scope(), &[key])?.into_iter().flatten();
        Ok(holders.filter(|other| other.state == LinkState::Live && other.scim_id != but).collect())
    }
}
