//! From the configuration to a gateway that can serve: mappings compiled, secrets fetched, the store opened, lines made.

use crate::auth::Authenticator;
use crate::config::{Config, ConfigError, PatchAnswer as Configured, Settings, Target as Described};
use crate::gateway::line::Wire;
use crate::gateway::load::{LoadError, load};
use crate::gateway::{Gateway, Instance, Locks, PatchAnswer, RequestLimits, Writes};
use crate::mapping::{Look, Mapping};
use crate::store::{Scope, Store, StoreError};
use crate::target::{self, Address, AddressError, Target};
use crate::transport::{ClientLimits, Identity, Roots, SetupError, Transport, TransportOptions};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Resources on one page when the client names no number, and at most.
const COUNT: (usize, usize) = (100, 1000);

/// How long a create of unknown outcome may be repeated: identity providers try again within hours.
const DOUBT: Duration = Duration::from_secs(7 * 86_400);

/// Why the gateway cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The configuration, or a secret it names.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There would be nothing to serve.
    #[error("{}: there is no target; describe at least one under `targets`", .0.display())]
    NoTarget(PathBuf),
    /// Mappings, every one that is wrong.
    #[error("{}", join(.0))]
    Mappings(Vec<LoadError>),
    /// A setting that a mapping wants and the configuration does not give.
    #[error(
        "target `{target}`: the mapping wants the setting `{setting}`; add it under `targets.{target}.settings`, as {{ env: NAME }} or {{ file: PATH }}"
    )]
    Setting {
        /// The target.
        target: String,
        /// The setting.
        setting: String,
    },
    /// A setting that the configuration gives and the mapping does not know.
    #[error("target `{target}`: the mapping has no setting `{setting}`; it wants: {}", .wanted.join(", "))]
    UnknownSetting {
        /// The target.
        target: String,
        /// The setting.
        setting: String,
        /// What the mapping wants.
        wanted: Vec<String>,
    },
    /// A base URL.
    #[error("target `{target}`: base_url: {cause}")]
    Address {
        /// The target.
        target: String,
        /// What is wrong with it.
        cause: AddressError,
    },
    /// A setting that should say where tokens are got.
    #[error(
        "target `{target}`: the mapping's `token_url` of `{lookup}` names a setting that is neither a path below the base URL nor an https URL"
    )]
    TokenUrl {
        /// The target.
        target: String,
        /// What is got there.
        lookup: String,
    },
    /// Trust roots, or the client certificate.
    #[error("target `{target}`: {cause}")]
    Transport {
        /// The target.
        target: String,
        /// What is wrong.
        cause: SetupError,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A mapping that would re-identify everybody.
    #[error(
        "target `{target}`: the mapping's key or kept attributes of {kind} changed, so ids that clients hold would mean other accounts, \
         or kept values would be lost; undo the change, or start this target afresh: transom forget --target {target}"
    )]
    Reidentifies {
        /// The target.
        target: String,
        /// The resource type.
        kind: String,
    },
}

fn join(errors: &[LoadError]) -> String {
    let one = |error: &LoadError| match error {
        LoadError::Wrong(diagnostics) => diagnostics.render(Look::Plain),
        LoadError::Unreadable { .. } => error.to_string(),
    };
    let told = errors.iter().map(one).collect::<Vec<_>>().join("\n");
    let wrong = errors.iter().any(|error| matches!(error, LoadError::Wrong(_)));
    if wrong { format!("no mapping may be wrong when serving begins\n{told}") } else { told }
}

impl Gateway {
    /// Opens everything that serving needs. `path` is the configuration's, for errors.
    ///
    /// # Errors
    /// [`OpenError`]: what is wrong and the way out.
    pub async fn open(config: &Config, path: &Path) -> Result<Gateway, OpenError> {
        Gateway::over(config, path, || Store::open(&config.data)).await
    }

    /// The same over a store of one's own.
    ///
    /// # Errors
    /// As [`Gateway::open`].
    pub async fn over(
        config: &Config,
        path: &Path,
        store: impl FnOnce() -> Result<Store, StoreError>,
    ) -> Result<Gateway, OpenError> {
        if config.targets.is_empty() {
            return Err(OpenError::NoTarget(path.to_owned()));
        }
        let mappings = compile_all(config)?;
        let settings = config.resolve_settings(path)?;
        let store = store()?;
        let mut instances = HashMap::new();
        for (name, described) in &config.targets {
            let mapping = mappings[&described.mapping].clone();
            check_fingerprints(&store, name, &mapping).await?;
            let instance = instance(name, described, (mapping, &settings))?;
            instances.insert(instance.name.clone(), Arc::new(instance));
        }
        let now: fn() -> SystemTime = SystemTime::now;
        store.expire_creates(now() - DOUBT).await?;
        let authenticator = Authenticator::new(store.tokens()?, now())?;
        let limits = RequestLimits {
            budget: config.limits.request,
            body: config.limits.body,
            default_count: COUNT.0,
            max_count: COUNT.1,
        };
        Ok(Gateway {
            instances,
            store,
            authenticator,
            limits,
            public_url: config.public_url.clone(),
            now,
            writes: Writes::default(),
        })
    }
}

/// Every mapping once, two targets may share one; all that is wrong at once.
fn compile_all(config: &Config) -> Result<HashMap<PathBuf, Arc<Mapping>>, OpenError> {
    let (mut compiled, mut wrong) = (HashMap::new(), Vec::new());
    for path in config.targets.values().map(|target| &target.mapping) {
        if compiled.contains_key(path) {
            continue;
        }
        match load(path) {
            Ok(loaded) => drop(compiled.insert(path.clone(), Arc::new(loaded.mapping))),
            Err(error) => wrong.push(error),
        }
    }
    if wrong.is_empty() { Ok(compiled) } else { Err(OpenError::Mappings(wrong)) }
}

fn instance(
    name: &str,
    described: &Described,
    (mapping, settings): (Arc<Mapping>, &Settings),
) -> Result<Instance, OpenError> {
    let given = settings.get(name);
    check_known(name, described, &mapping)?;
    let wanted = mapping.settings.iter().map(|setting| {
        let secret = given.and_then(|given| given.get(&**setting));
        let secret =
            secret.ok_or_else(|| OpenError::Setting { target: name.to_owned(), setting: setting.to_string() })?;
        Ok((setting.clone(), secret.expose().to_owned()))
    });
    let wanted: Vec<_> = wanted.collect::<Result<_, OpenError>>()?;
    let address =
        Address::parse(&described.base_url).map_err(|cause| OpenError::Address { target: name.to_owned(), cause })?;
    let settings = target::Settings::new(wanted);
    let options = TransportOptions {
        roots: described.roots.clone().map_or(Roots::System, Roots::Pem),
        identity: identity(&mapping, &settings),
        ..TransportOptions::default()
    };
    let transport = Transport::new(options).map_err(|cause| OpenError::Transport { target: name.to_owned(), cause })?;
    let limits = &described.limits;
    let client =
        transport.client(ClientLimits { in_flight: limits.in_flight, rate: limits.rate, answer_bytes: limits.answer });
    let target = target::Instance {
        name: name.into(),
        address,
        calls: mapping.calls.clone(),
        auth: mapping.auth.clone(),
        script: mapping.script.clone(),
        settings,
        lookups: mapping.lookups.clone(),
        given: Vec::new(),
        now: SystemTime::now,
        timeout: limits.timeout,
    };
    let target = Target::new(target, Arc::new(Wire(client)));
    target
        .check_urls()
        .map_err(|lookup| OpenError::TokenUrl { target: name.to_owned(), lookup: lookup.to_string() })?;
    Ok(Instance::new(mapping, target, limits.lock_queue).answering(described))
}

/// The certificate that is shown in TLS, where the mapping wants one.
fn identity(mapping: &Mapping, settings: &target::Settings) -> Option<Identity> {
    let certificate = mapping.auth.as_ref()?.certificate.as_ref()?;
    Some(Identity::new(certificate.certificate.fill_text(settings)?, certificate.key.fill_text(settings)?))
}

/// A typing error in a setting's name must not pass for a setting.
fn check_known(name: &str, described: &Described, mapping: &Mapping) -> Result<(), OpenError> {
    let Some(unknown) =
        described.settings.keys().find(|given| !mapping.settings.iter().any(|wanted| **wanted == ***given))
    else {
        return Ok(());
    };
    let wanted = if mapping.settings.is_empty() {
        vec!["none".to_owned()]
    } else {
        mapping.settings.iter().map(ToString::to_string).collect()
    };
    Err(OpenError::UnknownSetting { target: name.to_owned(), setting: unknown.clone(), wanted })
}

impl Instance {
    /// An instance over a line.
    pub fn new(mapping: Arc<Mapping>, target: Target, lock_queue: usize) -> Instance {
        let name = target.name().clone();
        Instance { name, mapping, target, locks: Locks::new(lock_queue), patch_answer: HashMap::new() }
    }

    fn answering(mut self, described: &Described) -> Instance {
        let answer = |configured| match configured {
            Configured::Resource => PatchAnswer::Resource,
            Configured::None => PatchAnswer::None,
        };
        self.patch_answer.insert("User".into(), answer(described.patch_answer.user));
        self.patch_answer.insert("Group".into(), answer(described.patch_answer.group));
        self
    }
}

/// A mapping edit that would re-identify everybody, or orphan what is kept, is refused.
async fn check_fingerprints(store: &Store, target: &str, mapping: &Mapping) -> Result<(), OpenError> {
    for kind in &mapping.types {
        let scope = Scope::new(target, kind.kind.name.clone());
        let known = store.fingerprint(&scope)?;
        if known.as_ref().is_some_and(|known| !kind.succeeds(known)) {
            return Err(OpenError::Reidentifies { target: target.to_owned(), kind: kind.kind.name.to_string() });
        }
        if known.as_ref() != Some(&kind.fingerprint) {
            store.save_fingerprint(&scope, &kind.fingerprint).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refused(settings: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/moqups.yaml");
        let target = format!("mapping: '{}', base_url: http://127.0.0.1:9, settings: {settings}", mapping.display());
        let path = folder.path().join("transom.yaml");
        let config = Config::parse(&format!("targets: {{ a: {{ {target} }} }}"), &path).unwrap();
        Gateway::open(&config, &path).await.err().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_setting_that_lacks_or_is_not_known_is_told_with_the_way_out() {
        let lacks = refused("{}").await;
        assert!(lacks.ends_with("add it under `targets.a.settings`, as { env: NAME } or { file: PATH }"), "{lacks}");
        let unknown = refused("{ apikey: { env: PATH }, api_key: { env: PATH } }").await;
        assert_eq!(unknown, "target `a`: the mapping has no setting `apikey`; it wants: api_key");
    }
}
