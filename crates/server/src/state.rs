//! What all requests share.

use std::sync::{Arc, PoisonError, RwLock};

use axum::http::StatusCode;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wavekeep_archive::Archive;
use wavekeep_lake::Follower;
use wavekeep_period::Letterhead;

use crate::alerts::Alerts;
use crate::audit::Audit;
use crate::auth::Access;
use crate::cache::Cache;
use crate::health::Health;
use crate::intake::Intake;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::oidc::{OidcOptions, SignIn, SignIns};
use crate::options::Limits;
use crate::problem::Problem;
use crate::proxy::{ProxyOptions, PublicUrl};
use crate::rate::Rate;
use crate::recordings::{Bridges, Recordings};
use crate::streams::Streams;
use crate::temporary::Temporaries;
use crate::verification::{Verifications, VerifyPlan};

/// Bytes of requests that write at a time, in units of [`WRITING_UNIT`]: those that wait together share
/// what is synced, and all are in memory.
const WRITING: usize = 1 << 10;
/// A unit of what waits to be written, in bytes.
const WRITING_UNIT: u64 = 1 << 16;
/// What a request takes that brings nothing: so many wait at most on threads of their own.
const LEAST: u32 = 4;

/// What all requests share. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct State(Arc<Shared>);

/// The inside of a [`State`].
#[derive(Debug)]
pub struct Shared {
    /// The archive.
    pub archive: Archive,
    /// Who may do what.
    pub access: Access,
    /// Who asked for what.
    pub audit: Option<Audit>,
    /// Who is signed in by an identity provider.
    pub sign_ins: SignIns,
    /// Decoded events and their plots.
    pub cache: Cache,
    /// Who listens to changes.
    pub live: Live,
    /// What is counted.
    pub metrics: Metrics,
    /// What a request may cost.
    pub limits: Limits,
    /// Recordings that run.
    pub recordings: Recordings,
    /// What may be recorded from over the network.
    pub bridges: Bridges,
    /// Files of uploads and exports.
    pub temporaries: Temporaries,
    /// What was found of the server's own state a moment ago.
    pub health: Health,
    /// Runs that are open.
    pub streams: Streams,
    /// What was verified, and when it is again.
    pub verification: Verifications,
    /// Imports that wait to be saved.
    pub intake: Intake,
    /// What keeps a lake of the events up to date.
    pub lake: Option<Arc<Follower>>,
    /// What stands on the reports of periods.
    pub letterhead: Letterhead,
    /// Alerts, where there are rules for them.
    pub alerts: Option<Arc<Alerts>>,
    /// What can change while the server runs.
    settings: RwLock<Settings>,
    /// Where this machine finds the server; `None` where no URL names the place.
    own_url: Option<String>,
    workers: Arc<Semaphore>,
    writers: Arc<Semaphore>,
}

/// What a server is set up with.
#[derive(Debug, Default)]
pub struct Setup {
    /// What a request may cost.
    pub limits: Limits,
    /// What may be recorded from over the network.
    pub bridges: Bridges,
    /// What keeps a lake of the events up to date.
    pub lake: Option<Arc<Follower>>,
    /// What stands in front of the server.
    pub proxy: ProxyOptions,
    /// When parts of the archive are verified.
    pub verify: Option<VerifyPlan>,
    /// Who asked for what.
    pub audit: Option<Audit>,
    /// Alerts by mail and webhook.
    pub alerts: Option<Arc<Alerts>>,
    /// Sign-in with an identity provider.
    pub oidc: Option<OidcOptions>,
    /// Where this machine finds the server; `None` where no URL names the place.
    pub own_url: Option<String>,
    /// What stands on the reports of periods.
    pub letterhead: Letterhead,
}

/// What can change while the server runs. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What stands in front of the server.
    pub proxy: Arc<ProxyOptions>,
    /// Requests of each address, where they are limited.
    pub rate: Option<Arc<Rate>>,
    /// Sign-in with an identity provider.
    pub oidc: Option<Arc<SignIn>>,
}

impl Settings {
    /// Settings of a server that starts, or is configured again.
    pub fn new(proxy: ProxyOptions, limits: &Limits, oidc: Option<Arc<SignIn>>) -> Self {
        Self {
            proxy: Arc::new(proxy),
            rate: limits.rate_per_s.map(|rate| Arc::new(Rate::new(rate))),
            oidc,
        }
    }
}

impl std::ops::Deref for State {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl State {
    /// The state of a server of `archive`.
    pub fn new(
        archive: Archive,
        access: Access,
        certificate_ends: Option<Timestamp>,
        setup: Setup,
    ) -> Self {
        let Setup {
            limits,
            bridges,
            lake,
            proxy,
            verify,
            audit,
            alerts,
            letterhead,
            oidc,
            own_url,
        } = setup;
        let oidc = oidc.map(|options| Arc::new(SignIn::new(options)));
        let verification = Verifications::new(&archive, verify);
        Self(Arc::new(Shared {
            sign_ins: SignIns::of(&archive),
            own_url,
            archive,
            audit,
            verification,
            access,
            cache: Cache::new(limits.cache_bytes),
            live: Live::new(),
            metrics: Metrics::new(),
            writers: Arc::new(Semaphore::new(WRITING)),
            workers: Arc::new(Semaphore::new(limits.workers)),
            settings: RwLock::new(Settings::new(proxy, &limits, oidc)),
            temporaries: Temporaries::new(limits.exports, limits.temporary_bytes),
            health: Health::new(certificate_ends),
            limits,
            recordings: Recordings::default(),
            bridges,
            streams: Streams::new(),
            intake: Intake::default(),
            lake,
            letterhead,
            alerts,
        }))
    }

    /// What can change while the server runs, as it is now.
    pub fn settings(&self) -> Settings {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where browsers find the server, without what a request says of it: the public URL, or this machine.
    pub fn public_url(&self, proxy: &ProxyOptions) -> Option<String> {
        proxy.public_url.as_ref().map(PublicUrl::to_string).or_else(|| self.0.own_url.clone())
    }

    /// Changes what can change while the server runs.
    pub fn set_settings(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// Runs what computes or waits for the disk on a thread that may, a bounded number at a time.
    ///
    /// What has begun is finished even when the client goes away.
    ///
    /// # Errors
    /// What `work` gives; a problem when it panics.
    pub async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.within(Arc::clone(&self.0.workers), 1, work).await
    }

    /// As [`work`](Self::work), for what waits for the archive's lock: those who only look never
    /// wait behind it.
    ///
    /// # Errors
    /// As `work`.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.within(Arc::clone(&self.0.writers), LEAST, work).await
    }

    /// As [`write`](Self::write), with so many bytes in memory.
    ///
    /// # Errors
    /// As `work`.
    pub async fn write_bytes<T: Send + 'static>(
        &self,
        bytes: u64,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.within(Arc::clone(&self.0.writers), units(bytes), work).await
    }

    /// The permit that a request with so many bytes needs as long as it is in memory.
    ///
    /// # Errors
    /// When the server is stopping.
    pub(crate) async fn permit_to_write(
        &self,
        bytes: u64,
    ) -> Result<OwnedSemaphorePermit, Problem> {
        acquired(Arc::clone(&self.0.writers), units(bytes)).await
    }

    async fn within<T: Send + 'static>(
        &self,
        semaphore: Arc<Semaphore>,
        permits: u32,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = acquired(semaphore, permits).await?;
        let state = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&state);
            drop(permit);
            done
        });
        done.await.unwrap_or_else(|error| Err(Problem::internal(&error)))
    }
}

/// What a request with so many bytes takes of [`WRITING`]: two of the largest are in memory at a time.
fn units(bytes: u64) -> u32 {
    let units = u32::try_from(bytes / WRITING_UNIT).unwrap_or(u32::MAX);
    units.clamp(LEAST, WRITING as u32 / 2)
}

async fn acquired(
    semaphore: Arc<Semaphore>,
    permits: u32,
) -> Result<OwnedSemaphorePermit, Problem> {
    let permit = semaphore.acquire_many_owned(permits).await;
    permit.map_err(|_| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the server is stopping")
    })
}
