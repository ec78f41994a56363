//! Certificates from files.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_cert::Certificate;
use x509_cert::der::Decode;

use crate::serve::ServeError;

/// Files of a certificate, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those that lead from it to a root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl TlsFiles {
    /// What handshakes need of these, and the end of the first certificate that ends.
    ///
    /// # Errors
    /// [`ServeError::Tls`].
    pub(crate) fn config(&self) -> Result<(Arc<ServerConfig>, Option<Timestamp>), ServeError> {
        let failed = |path: &Path, error: &dyn std::fmt::Display| ServeError::Tls {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let certificates = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| failed(&self.certificate, &error))?;
        let ends = certificates.iter().map(end).min().flatten();
        let key =
            PrivateKeyDer::from_pem_file(&self.key).map_err(|error| failed(&self.key, &error))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&self.certificate, &error))?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(|error| failed(&self.certificate, &error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok((Arc::new(config), ends))
    }
}

/// The certificate that handshakes use, which can be read again.
#[derive(Debug)]
pub struct Certificates {
    files: TlsFiles,
    current: RwLock<Arc<ServerConfig>>,
}

impl Certificates {
    /// Reads the files; gives the end of the first certificate that ends too.
    ///
    /// # Errors
    /// [`ServeError::Tls`].
    pub(crate) fn read(files: &TlsFiles) -> Result<(Arc<Self>, Option<Timestamp>), ServeError> {
        let (config, ends) = files.config()?;
        Ok((Arc::new(Self { files: files.clone(), current: RwLock::new(config) }), ends))
    }

    /// What the next handshake uses.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again; what they held before stays when they cannot be used.
    ///
    /// # Errors
    /// [`ServeError::Tls`].
    pub(crate) fn read_again(&self) -> Result<Option<Timestamp>, ServeError> {
        let (config, ends) = self.files.config()?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(ends)
    }
}

/// When a certificate ends; nothing where that cannot be read, which the handshake then tells.
fn end(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let read = Certificate::from_der(certificate).ok()?;
    let end = read.tbs_certificate.validity.not_after.to_unix_duration();
    Timestamp::from_second(i64::try_from(end.as_secs()).ok()?).ok()
}
