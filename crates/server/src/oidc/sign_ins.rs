//! Those who are signed in. They are in memory, and kept with the archive: they stay signed in over a restart
//! of the server. A server that only reads keeps nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use wavekeep_archive::{Archive, ArchiveError, SignedIn};

use super::{SignIn, hash};
use crate::metrics::{Exposition, Kind};

/// Those who are signed in at a time: beyond that, the one whose time is over the soonest has to sign in again.
const MOST: usize = 10_000;
/// Of them, those of one user: each browser is one.
const MOST_OF_USER: usize = 32;

/// How a sign-in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody is signed in.
    SignedIn,
    /// The provider, or this server, refuses the user.
    Refused,
    /// Something was wrong.
    Failed,
}

impl Outcome {
    const ALL: [(Self, &'static str); 3] =
        [(Self::SignedIn, "signed_in"), (Self::Refused, "refused"), (Self::Failed, "failed")];
}

/// Those who are signed in, by the hash of their secret.
#[derive(Debug)]
pub struct SignIns {
    all: Mutex<HashMap<String, SignedIn>>,
    outcomes: [AtomicU64; Outcome::ALL.len()],
}

impl SignIns {
    /// Those whom the archive keeps.
    pub fn of(archive: &Archive) -> Self {
        let kept = archive.signed_in().unwrap_or_else(|error| {
            tracing::error!("those who were signed in have to sign in again: {error}");
            Vec::new()
        });
        let all = kept.into_iter().map(|entry| (entry.sha256.clone(), entry)).collect();
        Self { all: Mutex::new(all), outcomes: Default::default() }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, SignedIn>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who has this secret now.
    pub fn find(&self, secret: &str, now: Timestamp) -> Option<SignedIn> {
        self.with_hash(&hash(secret), now)
    }

    /// Who has the secret with this hash now.
    pub fn with_hash(&self, sha256: &str, now: Timestamp) -> Option<SignedIn> {
        self.all().get(sha256).filter(|entry| entry.ends_at_s > now.as_second()).cloned()
    }

    /// Somebody signed in. Those who had to give way, or whose time is over, are no more.
    pub fn add(&self, entry: SignedIn, now: Timestamp) {
        let mut all = self.all();
        all.retain(|_, other| other.ends_at_s > now.as_second());
        let is_of_user =
            |other: &&SignedIn| other.user == entry.user && other.provider == entry.provider;
        let first_to_end = |all: &HashMap<String, SignedIn>, of_user: bool| {
            let some = all.values().filter(|other| !of_user || is_of_user(other));
            some.min_by_key(|other| other.ends_at_s).map(|other| other.sha256.clone())
        };
        if all.values().filter(is_of_user).count() >= MOST_OF_USER
            && let Some(first) = first_to_end(&all, true)
        {
            all.remove(&first);
        }
        if all.len() >= MOST
            && let Some(first) = first_to_end(&all, false)
        {
            all.remove(&first);
        }
        all.insert(entry.sha256.clone(), entry);
    }

    /// Somebody signed out.
    pub fn end(&self, sha256: &str) {
        self.all().remove(sha256);
    }

    /// Keeps an entry as it is now: of somebody who signed in, or of none who signed out.
    ///
    /// # Errors
    /// What the system says.
    pub fn keep(
        &self,
        archive: &Archive,
        sha256: &str,
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        if archive.is_read_only() {
            return Ok(());
        }
        archive.change_signed_in(|kept| {
            kept.retain(|entry| entry.sha256 != sha256 && entry.ends_at_s > now.as_second());
            kept.extend(self.with_hash(sha256, now));
            // Other servers of the archive keep theirs here, too.
            let over = kept.len().saturating_sub(MOST);
            kept.drain(..over);
        })
    }

    /// Counts how a sign-in ended.
    pub fn count(&self, outcome: Outcome) {
        let place = Outcome::ALL.iter().position(|(of, _)| *of == outcome).unwrap_or_default();
        self.outcomes[place].fetch_add(1, Ordering::Relaxed);
    }

    /// Adds what Prometheus reads.
    pub fn write_metrics(&self, sign_in: &SignIn, out: &mut Exposition) {
        let help = "Sign-ins with the identity provider, by how they ended.";
        let mut family = out.family("wavekeep_sign_ins_total", Kind::Counter, help);
        for ((_, word), count) in Outcome::ALL.iter().zip(&self.outcomes) {
            family.sample(&[("outcome", word)], count.load(Ordering::Relaxed));
        }
        let now = Timestamp::now().as_second();
        let help = "Browsers that are signed in with the identity provider.";
        let count = self.all().values().filter(|entry| entry.ends_at_s > now).count();
        out.gauge("wavekeep_signed_in", help, count);
        let help =
            "Whether the identity provider answered as it should the last time it was asked.";
        let is_well = sign_in.is_well().unwrap_or(false);
        out.gauge("wavekeep_sign_in_provider_up", help, u8::from(is_well));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign_ins() -> SignIns {
        SignIns { all: Mutex::default(), outcomes: Default::default() }
    }

    fn entry(secret: &str, user: &str, ends_at_s: i64) -> SignedIn {
        SignedIn {
            sha256: hash(secret),
            user: user.to_owned(),
            groups: Vec::new(),
            provider: "p".to_owned(),
            ends_at_s,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn somebody_is_signed_in_until_the_end_or_the_sign_out() {
        let sign_ins = sign_ins();
        sign_ins.add(entry("a", "kim", 100), at(0));
        assert_eq!(sign_ins.find("a", at(99)).unwrap().user, "kim");
        assert_eq!(sign_ins.find("a", at(100)), None);
        assert_eq!(sign_ins.find("b", at(0)), None);
        sign_ins.end(&hash("a"));
        assert_eq!(sign_ins.find("a", at(0)), None);
    }

    #[test]
    fn the_number_of_browsers_is_bounded() {
        let sign_ins = sign_ins();
        sign_ins.add(entry("sam", "sam", 1_000), at(0));
        for n in 0..100 {
            sign_ins.add(entry(&n.to_string(), "kim", 100 + n), at(0));
        }
        assert_eq!(sign_ins.all().len(), 1 + MOST_OF_USER);
        assert!(sign_ins.find("sam", at(0)).is_some() && sign_ins.find("99", at(0)).is_some());
        assert!(sign_ins.find("0", at(0)).is_none());
        for n in 0..MOST + 10 {
            sign_ins.add(entry(&n.to_string(), &n.to_string(), 2_000), at(0));
        }
        assert_eq!(sign_ins.all().len(), MOST);
        sign_ins.add(entry("late", "kim", 9_000), at(5_000));
        assert_eq!(sign_ins.all().len(), 1);
    }
}
