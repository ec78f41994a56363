//! Those who save or review at the same time share a round: fewer commits, each with its own answer.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use crate::common::*;
use serde_json::json;
use wavekeep_archive::{
    Archive, ArchiveError, CommitPoint, NewSession, OpenOptions, Outcome, PatchOptions, SaveError,
    SavedSession, Submission, VerifyOptions,
};

/// An archive whose commits are counted, and take a while, as they do on a disk.
fn counted(folder: &std::path::Path) -> (Archive, Arc<AtomicUsize>) {
    let commits = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&commits);
    let options = OpenOptions::default().at_commit(move |point| {
        if point == CommitPoint::Before {
            count.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    });
    let archive = options.open(folder).unwrap();
    commits.store(0, Ordering::Relaxed);
    (archive, commits)
}

/// Events of different times, by their names.
fn named(n: usize) -> Submission {
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let (a, b) = (char::from(digits[n / 36 % 36]), char::from(digits[n % 36]));
    Submission::new(format!("M529L{a}{b}0.7M0W"), sample(QUIET))
}

fn is_clean(archive: &Archive) -> bool {
    archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap().findings.is_empty()
}

/// Runs `work` on so many threads that begin together, and gives what each gave.
fn together<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let begin = Barrier::new(count);
    thread::scope(|scope| {
        let all: Vec<_> = (0..count)
            .map(|n| {
                let (work, begin) = (&work, &begin);
                scope.spawn(move || {
                    begin.wait();
                    work(n)
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn many_who_save_at_once_share_commits_and_each_gets_its_own_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, commits) = counted(folder.path());
    let saved = together(32, |n| archive.save(&named(n)).unwrap());
    for (n, saved) in saved.iter().enumerate() {
        assert_eq!((saved.outcome, &saved.filename), (Outcome::New, &named(n).name));
        assert_eq!(archive.event(saved.id).unwrap().filename, saved.filename);
    }
    let ids: BTreeSet<i64> = saved.iter().map(|saved| saved.id).collect();
    assert_eq!(ids.len(), 32);
    assert!(commits.load(Ordering::Relaxed) < 24, "{commits:?}");
    assert!(is_clean(&archive));
}

#[test]
fn the_same_event_sent_by_many_at_once_is_new_to_one_and_there_for_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, _) = counted(folder.path());
    let saved = together(8, |_| archive.save(&submission(BLAST)).unwrap());
    let new = saved.iter().filter(|saved| saved.outcome == Outcome::New).count();
    let same = saved.iter().filter(|saved| saved.outcome == Outcome::Same).count();
    assert_eq!((new, same), (1, 7));
    assert!(is_clean(&archive));
}

#[test]
fn one_that_is_refused_refuses_no_other_of_its_round() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, _) = counted(folder.path());
    let saved = together(16, |n| match n % 4 {
        0 => archive.save(&Submission::new(format!("M529L{n:02}0.7M0W"), b"no event".to_vec())),
        _ => archive.save(&named(n)),
    });
    for (n, saved) in saved.into_iter().enumerate() {
        match n % 4 {
            0 => assert!(matches!(saved, Err(SaveError::Decode { .. })), "{n}"),
            _ => assert_eq!(saved.unwrap().outcome, Outcome::New, "{n}"),
        }
    }
    assert!(is_clean(&archive));
}

#[test]
fn imports_of_a_round_are_noted_each_with_its_own_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, _) = counted(folder.path());
    let noted = together(12, |n| {
        let refused = Submission::new("M529L990.7M0W", b"no event".to_vec());
        let all = if n == 0 { vec![refused] } else { vec![named(n), refused] };
        let mut answers = archive.save_sessions(vec![session(n, all)]);
        answers.remove(0).unwrap()
    });
    is_noted(&archive, &noted);
}

#[test]
fn imports_that_are_handed_in_together_share_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, commits) = counted(folder.path());
    let refused = Submission::new("M529L990.7M0W", b"no event".to_vec());
    let all = (0..12).map(|n| match n {
        0 => session(n, vec![refused.clone()]),
        _ => session(n, vec![named(n), refused.clone()]),
    });
    let noted = archive.save_sessions(all.collect());
    assert_eq!(commits.load(Ordering::Relaxed), 1);
    let noted: Vec<_> = noted.into_iter().map(|one| one.unwrap()).collect();
    is_noted(&archive, &noted);
}

fn session(n: usize, submissions: Vec<Submission>) -> NewSession {
    NewSession { source: format!("client {n}"), sent_by: Some("kim".to_owned()), submissions }
}

/// Twelve imports, each with one event but the first, and one that is refused.
fn is_noted(archive: &Archive, noted: &[SavedSession]) {
    let sessions = archive.sessions().unwrap();
    assert_eq!((sessions.len(), noted.len()), (12, 12));
    for (n, (session, saved)) in noted.iter().enumerate() {
        let there = sessions.iter().find(|one| one.id == session.id).unwrap();
        assert_eq!(
            (there.source.as_str(), there.sent_by.as_deref()),
            (&*format!("client {n}"), Some("kim"))
        );
        assert!(there.ended_at.is_some());
        assert_eq!(there.counts, session.counts);
        let expected = (saved.len() as u64, u64::from(n > 0), 1);
        let counts = there.counts;
        assert_eq!((counts.received, counts.new, counts.refused), expected, "{n}");
    }
    assert!(is_clean(archive));
}

#[test]
fn many_who_review_at_once_share_commits_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, commits) = counted(folder.path());
    for n in 0..4 {
        archive.save(&named(n)).unwrap();
    }
    commits.store(0, Ordering::Relaxed);
    let done = together(32, |n| {
        let patch = json!({"extensions": { format!("by {n}"): n }});
        archive.patch_sidecar(n as i64 % 4 + 1, &patch, "kim", PatchOptions::default()).unwrap()
    });
    assert!(commits.load(Ordering::Relaxed) < 32, "{commits:?}");
    for (n, sidecar) in done.iter().enumerate() {
        assert_eq!(sidecar.document()["extensions"][&format!("by {n}")], n);
        let now = archive.sidecar(n as i64 % 4 + 1).unwrap();
        assert_eq!(now.document()["extensions"][&format!("by {n}")], n);
    }
    let log = archive.review_log(None, 99).unwrap();
    let mut numbers: Vec<i64> = log.iter().map(|entry| entry.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=32).collect::<Vec<_>>());
    assert!(is_clean(&archive));
}

#[test]
fn a_review_that_is_refused_leaves_no_line_between_those_of_its_round() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, _) = counted(folder.path());
    for n in 0..8 {
        archive.save(&named(n)).unwrap();
    }
    let before = archive.head().unwrap().size;
    let deep = (0..80).fold(json!(1), |inner, _| json!([inner]));
    let done = together(24, |n| {
        let patch = match n % 3 {
            0 => json!({"extensions": {"x": deep}}),
            1 => json!({"review": {"false_trigger": "perhaps"}}),
            _ => json!({"review": {"notes": format!("{n}")}}),
        };
        archive.patch_sidecar(n as i64 % 8 + 1, &patch, "kim", PatchOptions::default())
    });
    for (n, done) in done.iter().enumerate() {
        let is_refused = matches!(done, Err(ArchiveError::Patch(_)));
        assert_eq!(is_refused, n % 3 != 2, "{n}: {done:?}");
    }
    assert_eq!(archive.head().unwrap().size, before + 8);
    assert!(matches!(archive.undo(99, "kim"), Err(ArchiveError::NothingToUndo { id: 99 })));
    assert!(is_clean(&archive));
}

#[test]
fn a_change_that_fails_fails_for_all_of_its_round_and_for_none_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let fails = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let failing = Arc::clone(&fails);
    let options = OpenOptions::default().at_commit(move |point| {
        thread::sleep(Duration::from_millis(5));
        match point == CommitPoint::Before && failing.load(Ordering::Relaxed) {
            true => Err(std::io::Error::other("on purpose")),
            false => Ok(()),
        }
    });
    let archive = options.open(folder.path()).unwrap();
    archive.save(&named(0)).unwrap();
    fails.store(true, Ordering::Relaxed);
    let saved = together(8, |n| archive.save(&named(n + 1)));
    for saved in saved {
        assert!(saved.unwrap_err().to_string().contains("on purpose"));
    }
    let review = || {
        archive.patch_sidecar(1, &json!({"review": {"notes": "x"}}), "kim", PatchOptions::default())
    };
    for refused in together(4, |_| review()) {
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.cause().kind()), ("io", "io"));
    }
    fails.store(false, Ordering::Relaxed);
    archive.save(&named(20)).unwrap();
    review().unwrap();
    assert!(is_clean(&archive));
}
