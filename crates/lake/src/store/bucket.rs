//! A lake in a bucket of S3, or of a server that speaks its protocol.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{
    ClientOptions, Error, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
    PutPayload, PutResult, RetryConfig, UpdateVersion, WriteMultipart,
};
use tempfile::{NamedTempFile, TempPath};
use tokio::runtime::{Builder, Runtime};

use super::{Object, Stamp, Store, WHOLE_BYTES, When};
use crate::LakeError;

/// Larger files are sent in parts.
const ONE_PART_BYTES: u64 = 16 << 20;
/// Bytes of a part.
const PART_BYTES: usize = 8 << 20;
/// Parts that are under way at a time: so many are in memory.
const PARTS_AT_ONCE: usize = 3;
/// How long a request may take.
const REQUEST_TIME: Duration = Duration::from_secs(120);
/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long a request is tried again.
const RETRY_TIME: Duration = Duration::from_secs(30);
/// How often a request is tried again.
const RETRIES: usize = 4;

/// The objects of a bucket whose names begin with a prefix.
#[derive(Debug)]
pub(crate) struct Bucket {
    store: Arc<AmazonS3>,
    runtime: Runtime,
    bucket: String,
    prefix: String,
}

impl Bucket {
    /// Nothing is asked of the server yet.
    pub(crate) fn open(bucket: &str, prefix: &str) -> Result<Self, LakeError> {
        // Where the process has one already, that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let failed = |reason: String| LakeError::Store {
            file: format!("s3://{bucket}"),
            action: "reach the bucket",
            reason,
        };
        let from_env = AmazonS3Builder::from_env();
        let endpoint = from_env.get_config_value(&AmazonS3ConfigKey::Endpoint).unwrap_or_default();
        let options = ClientOptions::new()
            .with_timeout(REQUEST_TIME)
            .with_connect_timeout(CONNECT_TIME)
            .with_allow_http(endpoint.starts_with("http://"));
        let retry = RetryConfig {
            max_retries: RETRIES,
            retry_timeout: RETRY_TIME,
            ..RetryConfig::default()
        };
        let store = from_env
            .with_bucket_name(bucket)
            .with_client_options(options)
            .with_retry(retry)
            .build()
            .map_err(|error| failed(error.to_string()))?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        let (bucket, prefix) = (bucket.to_owned(), prefix.to_owned());
        Ok(Self { store: Arc::new(store), runtime, bucket, prefix })
    }

    fn path(&self, key: &str) -> Result<Path, LakeError> {
        let key =
            if self.prefix.is_empty() { key.to_owned() } else { format!("{}/{key}", self.prefix) };
        Path::parse(&key).map_err(|error| self.failed(&key, "name the object")(error.into()))
    }

    fn failed(&self, key: &str, action: &'static str) -> impl Fn(Error) -> LakeError + use<> {
        let file = self.shown(key);
        move |error| LakeError::Store { file: file.clone(), action, reason: with_causes(&error) }
    }

    fn object(&self, meta: &ObjectMeta) -> Object {
        let name = meta.location.as_ref();
        let key = name.strip_prefix(&self.prefix).unwrap_or(name).trim_start_matches('/');
        let (modified_ms, tag) = (meta.last_modified.timestamp_millis(), meta.e_tag.as_ref());
        let stamp = Stamp(tag.map_or_else(|| modified_ms.to_string(), Clone::clone));
        Object { key: key.to_owned(), bytes: meta.size, stamp, modified_ms }
    }

    /// The stamp of what was written, which not every server's answer has.
    fn written(&self, key: &str, put: PutResult) -> Result<Stamp, LakeError> {
        if let Some(tag) = put.e_tag {
            return Ok(Stamp(tag));
        }
        let found = self.runtime.block_on(self.store.head(&self.path(key)?));
        Ok(self.object(&found.map_err(self.failed(key, "look at the object"))?).stamp)
    }

    fn open_object(&self, key: &str) -> Result<Option<GetResult>, LakeError> {
        match self.runtime.block_on(self.store.get(&self.path(key)?)) {
            Err(Error::NotFound { .. }) => Ok(None),
            found => found.map(Some).map_err(self.failed(key, "read the object")),
        }
    }

    async fn send_in_parts(&self, file: &TempPath, path: &Path) -> Result<PutResult, Error> {
        let generic = |source: io::Error| Error::Generic { store: "S3", source: source.into() };
        let upload = self.store.put_multipart(path).await?;
        let mut parts = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let mut file = File::open(file).map_err(generic)?;
        let mut piece = vec![0; PART_BYTES];
        loop {
            let read = io::Read::read(&mut file, &mut piece).map_err(generic)?;
            if read == 0 {
                return parts.finish().await;
            }
            parts.wait_for_capacity(PARTS_AT_ONCE).await?;
            parts.write(&piece[..read]);
        }
    }
}

impl Store for Bucket {
    fn shown(&self, key: &str) -> String {
        match self.prefix.is_empty() {
            true => format!("s3://{}/{key}", self.bucket),
            false => format!("s3://{}/{}/{key}", self.bucket, self.prefix),
        }
    }

    fn is_locked(&self) -> bool {
        false
    }

    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Stamp)>, LakeError> {
        let Some(found) = self.open_object(key)? else { return Ok(None) };
        if found.meta.size > WHOLE_BYTES {
            let what = format!("it has more than {WHOLE_BYTES} bytes");
            return Err(LakeError::Damaged { file: self.shown(key), what });
        }
        let stamp = self.object(&found.meta).stamp;
        let content = self.runtime.block_on(found.bytes());
        let content = content.map_err(self.failed(key, "read the object"))?;
        Ok(Some((content.to_vec(), stamp)))
    }

    fn list(&self, folder: &str) -> Result<Vec<Object>, LakeError> {
        let path = self.path(folder)?;
        let listed = self.runtime.block_on(self.store.list(Some(&path)).try_collect::<Vec<_>>());
        let listed = listed.map_err(self.failed(folder, "list the objects"))?;
        let mut found: Vec<Object> = listed.iter().map(|meta| self.object(meta)).collect();
        found.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(found)
    }

    fn put(&self, key: &str, bytes: Vec<u8>, when: When<'_>) -> Result<Option<Stamp>, LakeError> {
        let mode = match when {
            When::Always => PutMode::Overwrite,
            When::Absent => PutMode::Create,
            When::Unchanged(stamp) => {
                PutMode::Update(UpdateVersion { e_tag: Some(stamp.0.clone()), version: None })
            }
        };
        let options = PutOptions { mode, ..PutOptions::default() };
        let path = self.path(key)?;
        let put = self.store.put_opts(&path, PutPayload::from(bytes), options);
        match self.runtime.block_on(put) {
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(None),
            put => {
                let put = put.map_err(self.failed(key, "write the object"))?;
                self.written(key, put).map(Some)
            }
        }
    }

    fn temporary(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new()
    }

    fn publish(&self, file: TempPath, key: &str) -> Result<Stamp, LakeError> {
        let path = self.path(key)?;
        let failed = self.failed(key, "write the object");
        let generic =
            |source: io::Error| failed(Error::Generic { store: "S3", source: source.into() });
        let bytes = std::fs::metadata(&file).map_err(generic)?.len();
        let put = if bytes > ONE_PART_BYTES {
            self.runtime.block_on(self.send_in_parts(&file, &path))
        } else {
            let content = std::fs::read(&file).map_err(generic)?;
            self.runtime.block_on(self.store.put(&path, PutPayload::from(content)))
        };
        self.written(key, put.map_err(&failed)?)
    }

    fn read(&self, key: &str, take: &mut dyn FnMut(&[u8])) -> Result<(), LakeError> {
        let failed = self.failed(key, "read the object");
        let Some(found) = self.open_object(key)? else {
            let gone = io::Error::from(io::ErrorKind::NotFound);
            return Err(failed(Error::Generic { store: "S3", source: gone.into() }));
        };
        let mut pieces = found.into_stream();
        while let Some(piece) = self.runtime.block_on(pieces.try_next()).map_err(&failed)? {
            take(&piece);
        }
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), LakeError> {
        match self.runtime.block_on(self.store.delete(&self.path(key)?)) {
            Err(Error::NotFound { .. }) => Ok(()),
            deleted => deleted.map_err(self.failed(key, "delete the object")),
        }
    }
}

/// An error with what caused it, each cause once.
fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let further = error.to_string();
        if !text.contains(&further) {
            text = format!("{text}: {further}");
        }
        cause = error.source();
    }
    text
}
