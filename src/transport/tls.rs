//! TLS towards targets: one crypto provider, TLS 1.2 and 1.3, roots from the system or a file.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::{Identity, Roots, SetupError};

/// The provider is named here rather than taken from the process: a default can be missing or be another one.
pub(super) fn client_config(roots: &Roots, identity: Option<&Identity>) -> Result<ClientConfig, SetupError> {
    let roots = match roots {
        Roots::System => system_roots(),
        Roots::Pem(path) => pem_roots(path)?,
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|cause| SetupError::Tls(cause.to_string()))?
        .with_root_certificates(roots);
    let Some(identity) = identity else { return Ok(builder.with_no_client_auth()) };
    let (chain, key) = parts(identity)?;
    builder.with_client_auth_cert(chain, key).map_err(|cause| SetupError::Identity(cause.to_string()))
}

fn parts(identity: &Identity) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), SetupError> {
    let wrong = |what: &str, cause: rustls_pki_types::pem::Error| {
        SetupError::Identity(format!("{what}: {}", pem_reason(cause)))
    };
    let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes()).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|cause| wrong("the certificate", cause))?;
    if chain.is_empty() {
        return Err(SetupError::Identity("the certificate holds no PEM block `BEGIN CERTIFICATE`".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(|cause| wrong("the key", cause))?;
    Ok((chain, key))
}

fn system_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    let (usable, _) = store.add_parsable_certificates(found.certs);
    if usable == 0 {
        let reason = found.errors.first().map(ToString::to_string).unwrap_or_default();
        tracing::warn!(reason, "the system has no trust roots; a target with an https address needs `roots`");
    }
    store
}

fn pem_roots(path: &Path) -> Result<RootCertStore, SetupError> {
    let unreadable = |reason: String| SetupError::Unreadable { path: path.to_owned(), reason };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|cause| unreadable(pem_reason(cause)))? {
        let certificate = certificate.map_err(|cause| unreadable(pem_reason(cause)))?;
        store.add(certificate).map_err(|cause| unreadable(cause.to_string()))?;
    }
    if store.is_empty() {
        return Err(SetupError::NoCertificate { path: path.to_owned() });
    }
    Ok(store)
}

fn pem_reason(cause: rustls_pki_types::pem::Error) -> String {
    match cause {
        rustls_pki_types::pem::Error::Io(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
