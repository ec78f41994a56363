//! Whether the server can do what it is asked for, and what keeps it from that.

use std::io::{ErrorKind, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use wavekeep_archive::{Archive, Query};
use wavekeep_lake::LakeStatus;

use crate::oidc::SignIn;
use crate::state::State;

/// How long a finding is good: frequent requests do not wear out the disk.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// Bytes that are written to see whether the disk takes any.
const PROBE: usize = 64 << 10;

/// What was found last.
#[derive(Debug)]
pub struct Health {
    certificate_ends: Mutex<Option<Timestamp>>,
    last: Mutex<Option<(Instant, Checks)>>,
}

/// Each check: `ok`, or what is wrong, without paths of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Checks {
    /// The folder is the one that was opened.
    archive: String,
    /// The index answers.
    index: String,
    /// The disk takes what is written; of a server that only reads, `not written to`.
    disk: String,
    /// The certificate is valid; without TLS, `none`.
    certificate: String,
    /// The last verification of each part found nothing; `none` where nothing is verified. It makes no
    /// difference to whether the server is ready.
    verification: String,
    /// The last update of the lake ended well; without a lake, `none`. It makes no difference to whether
    /// the server is ready.
    lake: String,
    /// The last attempt to send an alert succeeded; `none` where there are no alerts. It makes no difference
    /// to whether the server is ready.
    alerts: String,
    /// The identity provider answered as it should the last time it was asked; `none` where people sign in
    /// with tokens alone. It makes no difference to whether the server is ready.
    sign_in: String,
}

impl Checks {
    /// Whether the server can do what it is asked for.
    pub fn is_ready(&self) -> bool {
        let fine = ["ok", "not written to", "none"];
        [&self.archive, &self.index, &self.disk, &self.certificate]
            .into_iter()
            .all(|found| fine.contains(&found.as_str()))
    }
}

impl Health {
    /// The certificate was read again.
    pub fn certificate_ends(&self, ends: Option<Timestamp>) {
        *self.certificate_ends.lock().unwrap_or_else(PoisonError::into_inner) = ends;
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Nothing is known yet; the certificate, where there is one, is valid until then.
    pub fn new(certificate_ends: Option<Timestamp>) -> Self {
        Self { certificate_ends: Mutex::new(certificate_ends), last: Mutex::default() }
    }

    /// When the certificate is not valid any more.
    pub fn certificate_end(&self) -> Option<Timestamp> {
        *self.certificate_ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What holds now, or did a moment ago.
    pub fn of(&self, state: &State) -> Checks {
        let archive = &state.archive;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, checks)) = &*last
            && at.elapsed() < GOOD_FOR
        {
            return checks.clone();
        }
        let checks = Checks {
            archive: word(archive.check_place().map_err(|_| "replaced, moved away or gone")),
            index: word(asked(archive)),
            disk: match archive.is_read_only() {
                true => "not written to".to_owned(),
                false => written(archive),
            },
            certificate: self.certificate(Timestamp::now()),
            verification: state.verification.word(),
            lake: state.lake.as_ref().map_or("none", |lake| of_lake(&lake.status())).to_owned(),
            alerts: match &state.alerts {
                None => "none",
                Some(alerts) if alerts.counts.trouble().is_some() => {
                    "not sent: the server's log states why"
                }
                Some(_) => "ok",
            }
            .to_owned(),
            sign_in: state.settings().oidc.map_or("none", |oidc| of_sign_in(&oidc)).to_owned(),
        };
        *last = Some((Instant::now(), checks.clone()));
        checks
    }

    fn certificate(&self, now: Timestamp) -> String {
        match *self.certificate_ends.lock().unwrap_or_else(PoisonError::into_inner) {
            None => "none".to_owned(),
            Some(ends) if ends <= now => format!("expired at {ends}"),
            Some(_) => "ok".to_owned(),
        }
    }
}

fn of_lake(status: &LakeStatus) -> &'static str {
    match status {
        LakeStatus { error: Some(_), .. } => "not up to date: the server's log says why",
        LakeStatus { updates: 0, .. } => {
            "being written for the first time since the server started"
        }
        _ => "ok",
    }
}

fn of_sign_in(sign_in: &SignIn) -> &'static str {
    match sign_in.is_well() {
        None => "the identity provider was not asked yet",
        Some(true) => "ok",
        Some(false) => {
            "the identity provider does not answer as it should: the server's log says why"
        }
    }
}

fn word(found: Result<(), &str>) -> String {
    found.err().unwrap_or("ok").to_owned()
}

fn asked(archive: &Archive) -> Result<(), &'static str> {
    let answered = archive.query(&Query::default().with_limit(Some(1)));
    answered.map(drop).map_err(|error| {
        tracing::error!("{error}");
        "it cannot be read: the server's log says why"
    })
}

/// Whether the disk takes a file. That it is full is known only when something is on it.
fn written(archive: &Archive) -> String {
    let folder = archive.layout().own_folder();
    let tried = archive.refuse_links(&folder).map_err(std::io::Error::other).and_then(|()| {
        let mut file = tempfile::tempfile_in(&folder)?;
        file.write_all(&[0x5a; PROBE])?;
        file.sync_all()
    });
    match tried {
        Ok(()) => "ok".to_owned(),
        Err(error) => {
            tracing::error!("{}: {error}", folder.display());
            refused(error.kind()).to_owned()
        }
    }
}

fn refused(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "full",
        ErrorKind::ReadOnlyFilesystem => "read-only",
        ErrorKind::PermissionDenied => "not writable for the server",
        _ => "it does not take what is written: the server's log says why",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_disk_refuses_is_said_in_words() {
        assert_eq!(refused(ErrorKind::ReadOnlyFilesystem), "read-only");
        assert_eq!(refused(ErrorKind::QuotaExceeded), "full");
        assert_eq!(refused(ErrorKind::PermissionDenied), "not writable for the server");
        assert!(refused(ErrorKind::Other).contains("log"));
    }

    #[test]
    fn a_certificate_is_expired_from_its_end_on() {
        let ends = Timestamp::from_second(1_800_000_000).unwrap();
        let health = Health::new(Some(ends));
        let at = |second| health.certificate(Timestamp::from_second(second).unwrap());
        assert_eq!(at(1_799_999_999), "ok");
        assert!(at(1_800_000_000).starts_with("expired at 2027-01-15"));
    }
}
