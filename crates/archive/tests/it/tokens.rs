//! Access tokens: none is lost, none outlives its revoking, and a damaged list lets nobody in.

use crate::common;

use std::fs;
use std::thread;

use common::*;
use jiff::Timestamp;
use wavekeep_archive::{Archive, FindingKind, NewToken, Role, TokenError, VerifyOptions};

fn names(archive: &Archive) -> Vec<String> {
    let mut names: Vec<String> =
        archive.tokens().unwrap().into_iter().map(|entry| entry.name).collect();
    names.sort();
    names
}

#[test]
fn of_many_that_are_added_and_revoked_at_once_none_is_lost_and_none_stays() {
    let fresh = fresh();
    for n in 0..10 {
        fresh.archive.add_token(&format!("old {n}"), Role::Admin).unwrap();
    }
    let root = fresh.folder.path();
    thread::scope(|scope| {
        for n in 0..40 {
            scope.spawn(move || {
                // Each as a program of its own would.
                let archive = Archive::open(root).unwrap();
                archive.add_token(&format!("new {n:02}"), Role::Read).unwrap();
                if n < 10 {
                    archive.revoke_token(&format!("old {n}")).unwrap();
                    let left = archive.tokens().unwrap();
                    assert!(left.iter().all(|entry| entry.name != format!("old {n}")));
                }
            });
        }
    });
    let expected: Vec<String> = (0..40).map(|n| format!("new {n:02}")).collect();
    assert_eq!(names(&fresh.archive), expected);
}

#[test]
fn a_token_is_kept_as_its_hash_and_known_by_it() {
    let fresh = fresh();
    let token = fresh.archive.add_token("kim", Role::Review).unwrap();
    let text = fs::read_to_string(fresh.archive.layout().tokens()).unwrap();
    assert!(!text.contains("wk_"));
    let entry = fresh.archive.tokens().unwrap().remove(0);
    assert!(entry.is_of(&token) && !entry.is_of("wk_00") && entry.role == Role::Review);
    let again = fresh.archive.add_token("kim", Role::Admin);
    assert!(matches!(again, Err(TokenError::Exists { .. })));
    let nobody = fresh.archive.revoke_token("sam");
    assert!(matches!(nobody, Err(TokenError::NoSuchToken { .. })));
}

#[cfg(unix)]
#[test]
fn the_list_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let fresh = fresh();
    fresh.archive.add_token("kim", Role::Read).unwrap();
    let mode = fs::metadata(fresh.archive.layout().tokens()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_flipped_bit_in_any_byte_of_the_list_is_found_and_lets_nobody_in() {
    let fresh = fresh();
    fresh.archive.add_token("kim", Role::Read).unwrap();
    fresh.archive.add_token("sam", Role::Admin).unwrap();
    let path = fresh.archive.layout().tokens();
    let whole = fs::read(&path).unwrap();
    let hashes = VerifyOptions::default().with_without_decoding(true);
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &flipped).unwrap();
        assert!(fresh.archive.tokens().is_err(), "bit {bit}");
        assert!(fresh.archive.add_token("ann", Role::Admin).is_err(), "bit {bit}");
        assert_eq!(fs::read(&path).unwrap(), flipped, "a damaged list is not written over");
        if bit % 61 == 0 {
            let found = fresh.archive.verify(hashes, &|_, _| {}).unwrap();
            let kinds: Vec<_> = found.findings.iter().map(|found| found.kind).collect();
            assert_eq!(kinds, [FindingKind::Tokens], "bit {bit}");
        }
    }
    fs::write(&path, &whole).unwrap();
    assert!(fresh.archive.verify(hashes, &|_, _| {}).unwrap().is_whole());
}

#[test]
fn a_list_of_an_older_program_is_read_and_one_of_a_newer_program_is_left_alone() {
    let fresh = fresh();
    let path = fresh.archive.layout().tokens();
    let entry =
        r#"{"name": "kim", "role": "admin", "sha256": "00", "created_at": "2026-01-01T00:00:00Z"}"#;
    fs::write(&path, format!("[{entry}]")).unwrap();
    assert_eq!(names(&fresh.archive), ["kim"]);
    fresh.archive.add_token("sam", Role::Read).unwrap();
    assert_eq!(names(&fresh.archive), ["kim", "sam"]);
    let newer = r#"{"version": 9, "tokens": [], "sha256": ""}"#;
    fs::write(&path, newer).unwrap();
    let refused = fresh.archive.add_token("ann", Role::Read).unwrap_err();
    assert!(refused.to_string().contains("newer"), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
}

#[test]
fn a_list_in_which_a_token_expires_is_none_for_a_program_that_knows_nothing_of_it() {
    let fresh = fresh();
    fresh.archive.add_token("kim", Role::Read).unwrap();
    let path = fresh.archive.layout().tokens();
    let version = || {
        let kept: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        kept["version"].as_u64().unwrap()
    };
    assert_eq!(version(), 1);
    let ends: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    let new = NewToken::new("sam", Role::Read).with_expires_at(Some(ends));
    fresh.archive.make_token(&new).unwrap();
    assert_eq!(version(), 2);
    let mut entry = fresh.archive.tokens().unwrap().remove(1);
    let second = jiff::SignedDuration::from_secs(1);
    assert!(entry.is_expired(ends) && !entry.is_expired(ends - second));
    entry.expires_at = Some("soon".to_owned());
    assert!(entry.is_expired(ends - second), "what cannot be read lets nobody in");
    fresh.archive.revoke_token("sam").unwrap();
    assert_eq!(version(), 1);
}
