//! What a request may use: the instances with their compiled mappings, the store, who may call, and the locks.

mod line;
mod load;
mod locks;
mod open;
mod writes;

pub use load::{LoadError, compile, load};
pub use locks::{Guard, LockError, Locks};
pub use open::OpenError;
pub use writes::{Running, Writes};

use crate::auth::Authenticator;
use crate::mapping::{Mapping, TypeMapping};
use crate::store::{Scope, Store};
use crate::target::Target;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Everything that outlives one request.
pub struct Gateway {
    /// The targets of `transom.yaml`, by name.
    pub instances: HashMap<Arc<str>, Arc<Instance>>,
    /// Links, kept attributes, pending creates.
    pub store: Store,
    /// Who may call.
    pub authenticator: Authenticator,
    /// What one request may take.
    pub limits: RequestLimits,
    /// The URL under which clients see us; `None`: told from each request's `Host`.
    pub public_url: Option<String>,
    /// The wall clock.
    pub now: fn() -> SystemTime,
    /// Writes that outlive their requests.
    pub writes: Writes,
}

/// What one request may take.
#[derive(Debug, Clone, Copy)]
pub struct RequestLimits {
    /// The whole request, waiting and calls included.
    pub budget: Duration,
    /// Its body, in bytes.
    pub body: usize,
    /// Resources on one page, when the client names no number.
    pub default_count: usize,
    /// Resources on one page at most.
    pub max_count: usize,
}

/// One instance of a product: a mapping, where it runs, and what orders the writes to it.
pub struct Instance {
    /// Its name in `transom.yaml`, and in URLs.
    pub name: Arc<str>,
    /// The compiled mapping.
    pub mapping: Arc<Mapping>,
    /// The line to it.
    pub target: Target,
    /// Writes to one resource, and creates of one unique value, are serialised here.
    pub locks: Locks,
    /// What a PATCH answers, by resource type.
    pub patch_answer: HashMap<Arc<str>, PatchAnswer>,
}

/// What a PATCH answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchAnswer {
    /// 200 and the resource.
    Resource,
    /// 204.
    None,
}

impl Instance {
    /// The rows of a resource type in the store.
    pub fn scope(&self, kind: &TypeMapping) -> Scope {
        Scope::new(self.name.clone(), kind.kind.name.clone())
    }

    /// Does the target itself judge its callers?
    pub fn passes_through(&self) -> bool {
        self.mapping.auth.as_ref().is_some_and(crate::wire::Credential::passes_through)
    }

    /// What a PATCH of this resource type answers.
    pub fn patch_answer(&self, kind: &TypeMapping) -> PatchAnswer {
        self.patch_answer.get(&kind.kind.name).copied().unwrap_or(PatchAnswer::Resource)
    }
}

impl Gateway {
    /// Waits until the last write has ended, as its budget lets it, and everything is on the disk.
    pub async fn close(&self) {
        if !self.writes.ended(self.limits.budget).await {
            tracing::warn!("stopped; a write had not ended");
        }
        self.store.close();
    }
}
