//! What has to be sent and what was: a log that is only appended to, so that neither a restart nor a
//! receiver that is away for days loses an alert or sends it again.

use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How soon what failed is tried again at first, and at last.
const RETRY: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(5), SignedDuration::from_hours(1));
/// After this time an alert is given up: nobody needs it any more.
const GIVE_UP: SignedDuration = SignedDuration::from_hours(24 * 7);

/// An alert for one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is about: `exceeds:17`. Each is sent to a target once.
    pub key: String,
    /// The name of the target.
    pub target: String,
    /// The event, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<i64>,
    /// What it says in one line, where it is about no event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Not before.
    pub due: Timestamp,
    /// When it was noted.
    pub at: Timestamp,
}

/// A line of the log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Line {
    /// What came in before is no reason for an alert.
    Begun { at: Timestamp },
    /// It has to be sent.
    Queued(Item),
    /// It was sent.
    Sent { key: String, target: String, at: Timestamp },
    /// It failed for so long that it is given up.
    GivenUp { key: String, target: String, at: Timestamp, why: String },
}

/// What is wrong with the log.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct OutboxError {
    path: PathBuf,
    source: io::Error,
}

/// The log, and what it comes to.
#[derive(Debug)]
pub struct Outbox {
    path: PathBuf,
    file: File,
    begun: Timestamp,
    known: HashSet<(String, String)>,
    waiting: BTreeMap<(String, String), Waiting>,
}

#[derive(Debug, Clone)]
struct Waiting {
    item: Item,
    attempts: u32,
}

impl Outbox {
    /// Opens the log, or begins one now.
    ///
    /// # Errors
    /// [`OutboxError`]. A last line that was cut short was not confirmed, and is left out.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self, OutboxError> {
        let failed = |source| OutboxError { path: path.to_owned(), source };
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let mut outbox = Self {
            path: path.to_owned(),
            file,
            begun: now,
            known: HashSet::new(),
            waiting: BTreeMap::new(),
        };
        let mut has_begun = false;
        for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            if let Line::Begun { at } = &line {
                has_begun = true;
                outbox.begun = *at;
            }
            outbox.take(line);
        }
        if !text.is_empty() && !text.ends_with('\n') {
            outbox.file.write_all(b"\n").map_err(failed)?;
        }
        if !has_begun {
            outbox.write(Line::Begun { at: now })?;
        }
        Ok(outbox)
    }

    /// When the log began: what came in before is no reason for an alert.
    pub fn begun(&self) -> Timestamp {
        self.begun
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Begun { .. } => {}
            Line::Queued(item) => {
                let key = (item.key.clone(), item.target.clone());
                self.known.insert(key.clone());
                self.waiting.insert(key, Waiting { item, attempts: 0 });
            }
            Line::Sent { key, target, .. } | Line::GivenUp { key, target, .. } => {
                self.waiting.remove(&(key, target));
            }
        }
    }

    fn write(&mut self, line: Line) -> Result<(), OutboxError> {
        // Plain data: it always has a JSON form.
        let text = format!("{}\n", serde_json::to_string(&line).unwrap_or_default());
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|source| OutboxError { path: self.path.clone(), source })?;
        self.take(line);
        Ok(())
    }

    /// Whether something was noted for a target already, sent or not.
    pub fn knows(&self, key: &str, target: &str) -> bool {
        self.known.contains(&(key.to_owned(), target.to_owned()))
    }

    /// Notes what has to be sent; what is known already is not noted again.
    ///
    /// # Errors
    /// [`OutboxError`]: it is not noted then.
    pub fn queue(&mut self, item: Item) -> Result<(), OutboxError> {
        match self.knows(&item.key, &item.target) {
            true => Ok(()),
            false => self.write(Line::Queued(item)),
        }
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What is due, by target.
    pub fn due(&self, now: Timestamp) -> BTreeMap<String, Vec<Item>> {
        let mut due: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        for waiting in self.waiting.values().filter(|waiting| waiting.item.due <= now) {
            due.entry(waiting.item.target.clone()).or_default().push(waiting.item.clone());
        }
        due.values_mut().for_each(|items| items.sort_by_key(|item| (item.at, item.key.clone())));
        due
    }

    /// What was sent is not sent again.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn sent(&mut self, items: &[Item], now: Timestamp) -> Result<(), OutboxError> {
        for Item { key, target, .. } in items.iter().cloned() {
            self.write(Line::Sent { key, target, at: now })?;
        }
        Ok(())
    }

    /// What failed is tried again later; after a week it is given up. Gives those that are.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn failed(
        &mut self,
        items: &[Item],
        why: &str,
        now: Timestamp,
    ) -> Result<Vec<Item>, OutboxError> {
        let mut given_up = Vec::new();
        for item in items {
            let Item { key, target, .. } = item.clone();
            if now.duration_since(item.at) > GIVE_UP {
                self.write(Line::GivenUp { key, target, at: now, why: why.to_owned() })?;
                given_up.push(item.clone());
            } else if let Some(waiting) = self.waiting.get_mut(&(key, target)) {
                let later = RETRY.0 * 2i32.saturating_pow(waiting.attempts.min(16));
                waiting.attempts += 1;
                waiting.item.due = now + later.min(RETRY.1);
            }
        }
        Ok(given_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn item(key: &str, due: i64) -> Item {
        let (key, target) = (key.to_owned(), "webhook http://x/".to_owned());
        Item { key, target, event: Some(1), text: None, due: at(due), at: at(0) }
    }

    fn keys(outbox: &Outbox, now: i64) -> Vec<String> {
        outbox.due(at(now)).into_values().flatten().map(|item| item.key).collect()
    }

    #[test]
    fn what_waits_and_what_was_sent_is_known_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.jsonl");
        let mut outbox = Outbox::open(&path, at(0)).unwrap();
        outbox.queue(item("exceeds:1", 0)).unwrap();
        outbox.queue(item("exceeds:2", 60)).unwrap();
        outbox.queue(item("exceeds:1", 0)).unwrap();
        assert_eq!(keys(&outbox, 0), ["exceeds:1"]);
        outbox.sent(&[item("exceeds:1", 0)], at(1)).unwrap();
        drop(outbox);
        let mut outbox = Outbox::open(&path, at(99)).unwrap();
        assert_eq!((outbox.begun(), keys(&outbox, 99)), (at(0), vec!["exceeds:2".to_owned()]));
        outbox.queue(item("exceeds:1", 0)).unwrap();
        assert_eq!(keys(&outbox, 99), ["exceeds:2"], "it was sent");
    }

    #[test]
    fn what_failed_is_tried_again_later_each_time_and_given_up_after_a_week() {
        let folder = tempfile::tempdir().unwrap();
        let mut outbox = Outbox::open(&folder.path().join("a"), at(0)).unwrap();
        outbox.queue(item("exceeds:1", 0)).unwrap();
        let mut now = 0;
        for wait in [5, 10, 20, 40] {
            assert!(outbox.failed(&[item("exceeds:1", 0)], "away", at(now)).unwrap().is_empty());
            assert!(keys(&outbox, now + wait - 1).is_empty(), "{wait}");
            now += wait;
            assert_eq!(keys(&outbox, now), ["exceeds:1"]);
        }
        let late = at(8 * 86_400);
        assert_eq!(outbox.failed(&[item("exceeds:1", 0)], "away", late).unwrap().len(), 1);
        assert_eq!(outbox.waiting(), 0);
    }

    #[test]
    fn a_log_that_was_cut_anywhere_is_read_up_to_there_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.jsonl");
        let mut outbox = Outbox::open(&path, at(0)).unwrap();
        outbox.queue(item("exceeds:1", 0)).unwrap();
        outbox.sent(&[item("exceeds:1", 0)], at(1)).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let mut outbox = Outbox::open(&path, at(5)).unwrap();
            outbox.queue(item("exceeds:2", 0)).unwrap();
            let again = Outbox::open(&path, at(6)).unwrap();
            assert!(again.knows("exceeds:2", "webhook http://x/"), "cut at {length}");
        }
    }
}
