//! From the text of the file to [`Config`]: what may stand where, checked where it stands, so that errors have a line.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::scalar::{BaseUrl, Count, HeaderSize, Name, Rate, Size, Socket, Span};
use super::{
    CertificateFiles, Config, ConfigError, Limits, Listener, Log, LogFormat, LogLevel, PatchAnswer, PatchAnswers,
    Source, Target, TargetLimits,
};

const LARGEST_FILE: usize = 4 * 1024 * 1024;

pub(super) fn read(text: &str, path: &Path) -> Result<Config, ConfigError> {
    if text.len() > LARGEST_FILE {
        return Err(ConfigError::new(path, "larger than 4 MiB, too large for a configuration"));
    }
    let options = serde_saphyr::options! {
        // A configuration is small and needs no aliases to speak of; the library's own limits let a few lines grow to minutes.
        budget: serde_saphyr::budget! {
            max_events: 200_000,
            max_nodes: 100_000,
            max_aliases: 100,
            max_anchors: 100,
            max_depth: 16,
            max_documents: 1,
            max_merge_keys: 100,
        },
        strict_booleans: true,
        with_snippet: false,
    };
    let file: Option<File> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| ConfigError::yaml(path, &error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(file.unwrap_or_default().resolve(folder))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<Addresses>,
    data: Option<PathBuf>,
    public_url: Option<BaseUrl>,
    limits: Option<FileLimits>,
    log: Option<FileLog>,
    targets: Option<BTreeMap<Name, FileTarget>>,
}

impl File {
    fn resolve(self, folder: &Path) -> Config {
        let default = Config::default();
        let listen = self.listen.map(|listen| listen.0.into_iter().map(|one| one.resolve(folder)).collect());
        let targets = self.targets.unwrap_or_default();
        Config {
            listen: listen.unwrap_or(default.listen),
            data: folder.join(self.data.unwrap_or(default.data)),
            public_url: self.public_url.map(|url| url.0),
            limits: self.limits.unwrap_or_default().resolve(),
            log: self.log.unwrap_or_default().resolve(),
            targets: targets.into_iter().map(|(name, target)| (name.0, target.resolve(folder))).collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "Vec<Address>")]
struct Addresses(Vec<Address>);

impl TryFrom<Vec<Address>> for Addresses {
    type Error = &'static str;

    fn try_from(addresses: Vec<Address>) -> Result<Self, Self::Error> {
        if addresses.is_empty() { Err("name at least one address to listen on") } else { Ok(Addresses(addresses)) }
    }
}

/// `127.0.0.1:8080` or `{ address: …, tls: … }`.
struct Address(Listener);

impl Address {
    fn resolve(self, folder: &Path) -> Listener {
        let tls = self
            .0
            .tls
            .map(|files| CertificateFiles { certificate: folder.join(files.certificate), key: folder.join(files.key) });
        Listener { tls, ..self.0 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FullAddress {
    address: Socket,
    tls: Option<FileTls>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTls {
    certificate: PathBuf,
    key: PathBuf,
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AddressVisitor)
    }
}

struct AddressVisitor;

impl<'de> Visitor<'de> for AddressVisitor {
    type Value = Address;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address such as 127.0.0.1:8080, or { address: …, tls: { certificate: …, key: … } }")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Address, E> {
        let socket = Socket::try_from(text.to_owned()).map_err(E::custom)?;
        Ok(Address(Listener { address: socket.0, tls: None }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Address, A::Error> {
        let full = FullAddress::deserialize(MapAccessDeserializer::new(map))?;
        let tls = full.tls.map(|files| CertificateFiles { certificate: files.certificate, key: files.key });
        Ok(Address(Listener { address: full.address.0, tls }))
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileLimits {
    body: Option<Size>,
    header: Option<HeaderSize>,
    request: Option<Span>,
    connections: Option<Count>,
}

impl FileLimits {
    fn resolve(self) -> Limits {
        let default = Limits::default();
        Limits {
            body: self.body.map_or(default.body, |size| size.0),
            header: self.header.map_or(default.header, |size| size.0),
            request: self.request.map_or(default.request, |span| span.0),
            connections: self.connections.map_or(default.connections, |count| count.0),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileLog {
    format: Option<LogFormat>,
    level: Option<LogLevel>,
}

impl FileLog {
    fn resolve(self) -> Log {
        let default = Log::default();
        Log { format: self.format.unwrap_or(default.format), level: self.level.unwrap_or(default.level) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTarget {
    mapping: PathBuf,
    base_url: BaseUrl,
    settings: Option<BTreeMap<String, Source>>,
    limits: Option<FileTargetLimits>,
    roots: Option<PathBuf>,
    patch_answer: Option<FilePatchAnswers>,
}

impl FileTarget {
    fn resolve(self, folder: &Path) -> Target {
        let placed = |source| match source {
            Source::File(path) => Source::File(folder.join(path)),
            env @ Source::Env(_) => env,
        };
        let settings = self.settings.unwrap_or_default();
        Target {
            mapping: folder.join(self.mapping),
            base_url: self.base_url.0,
            settings: settings.into_iter().map(|(name, source)| (name, placed(source))).collect(),
            limits: self.limits.unwrap_or_default().resolve(),
            roots: self.roots.filter(|roots| roots != Path::new("system")).map(|roots| folder.join(roots)),
            patch_answer: self.patch_answer.unwrap_or_default().resolve(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileTargetLimits {
    in_flight: Option<Count>,
    rate: Option<Rate>,
    timeout: Option<Span>,
    answer: Option<Size>,
    lock_queue: Option<Count>,
}

impl FileTargetLimits {
    fn resolve(self) -> TargetLimits {
        let default = TargetLimits::default();
        TargetLimits {
            in_flight: self.in_flight.map_or(default.in_flight, |count| count.0),
            rate: self.rate.map_or(default.rate, |rate| rate.0),
            timeout: self.timeout.map_or(default.timeout, |span| span.0),
            answer: self.answer.map_or(default.answer, |size| size.0),
            lock_queue: self.lock_queue.map_or(default.lock_queue, |count| count.0),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FilePatchAnswers {
    user: Option<PatchAnswer>,
    group: Option<PatchAnswer>,
}

impl FilePatchAnswers {
    fn resolve(self) -> PatchAnswers {
        let default = PatchAnswers::default();
        PatchAnswers { user: self.user.unwrap_or(default.user), group: self.group.unwrap_or(default.group) }
    }
}
