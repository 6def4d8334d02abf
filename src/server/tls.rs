//! A listener's certificate: read from PEM files, exchanged while running, TLS 1.2 and 1.3.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::ListenError;

/// The files of one TLS listener, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by the intermediate ones.
    pub certificate: PathBuf,
    /// Its private key: PKCS#8, PKCS#1 or SEC1, not encrypted.
    pub key: PathBuf,
}

/// What a TLS listener shows to its clients at present.
#[derive(Debug)]
pub struct Certificate {
    files: TlsFiles,
    current: RwLock<Arc<ServerConfig>>,
}

impl Certificate {
    pub(super) fn read(files: &TlsFiles) -> Result<Self, ListenError> {
        let current = RwLock::new(Arc::new(server_config(files)?));
        Ok(Certificate { files: files.clone(), current })
    }

    /// Reads the files again; new connections get what they hold now.
    ///
    /// # Errors
    /// [`ListenError::File`]; then the certificate in use stays.
    pub fn reload(&self) -> Result<(), ListenError> {
        let fresh = Arc::new(server_config(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn server_config(files: &TlsFiles) -> Result<ServerConfig, ListenError> {
    let chain = chain(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|cause| unusable(&files.key, key_reason(cause)))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|cause| unusable(&files.certificate, cause.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|cause| unusable(&files.key, pair_reason(&cause, &files.certificate)))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, ListenError> {
    let found = CertificateDer::pem_file_iter(path).map_err(|cause| unusable(path, pem_reason(cause)))?;
    let chain: Vec<_> = found.collect::<Result<_, _>>().map_err(|cause| unusable(path, pem_reason(cause)))?;
    if chain.is_empty() {
        return Err(unusable(path, "no certificate in it; it must hold PEM blocks `BEGIN CERTIFICATE`".into()));
    }
    Ok(chain)
}

fn unusable(path: &Path, reason: String) -> ListenError {
    ListenError::File { path: path.to_owned(), reason }
}

fn key_reason(cause: pem::Error) -> String {
    match cause {
        pem::Error::NoItemsFound => "no private key in it; it must hold an unencrypted PEM block `PRIVATE KEY`".into(),
        other => pem_reason(other),
    }
}

fn pem_reason(cause: pem::Error) -> String {
    match cause {
        pem::Error::Io(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

fn pair_reason(cause: &rustls::Error, certificate: &Path) -> String {
    match cause {
        rustls::Error::InconsistentKeys(_) => {
            format!("the key does not belong to the certificate in {}", certificate.display())
        }
        other => other.to_string(),
    }
}
