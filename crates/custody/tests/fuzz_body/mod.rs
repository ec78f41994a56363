//! What the fuzz target does with its bytes.
//!
//! Kept here so that `tests/it/regressions.rs` runs the same over every input that is worth keeping, on any
//! toolchain.

use std::io::Cursor;

use wavekeep_custody::proof::{self, CheckOptions};
use wavekeep_custody::signature::{PublicKey, SecretKey, signed_with};
use wavekeep_custody::stamp::{Certificates, Stamp};
use wavekeep_custody::{Entry, Head, hash_of_line, lost_hash, lost_line};

/// Any bytes as everything that comes from others: a value or an error, and what is read as a head or an
/// entry comes back from its own text.
pub fn any(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(head) = text.parse::<Head>()
            && !head.archive.is_empty()
        {
            assert_eq!(head.to_string().parse::<Head>().as_ref(), Ok(&head));
        }
        let _ = PublicKey::parse(text);
        let _ = SecretKey::parse(text, None);
        let _ = signed_with(text);
    }
    if let Ok(entry) = Entry::parse(data) {
        let line = entry.to_line();
        let again = Entry::parse(line.as_bytes()).expect("its own line");
        assert_eq!(again.to_line(), line);
    }
    if let Some(hash) = lost_hash(data) {
        assert_eq!(hash, hash_of_line(data));
        let entry = Entry::parse(data).map_or(0, |entry| entry.entry);
        assert_ne!(lost_line(entry, &hash).as_bytes(), b"");
    }
    if let Ok(stamp) = Stamp::parse(data) {
        stamp.unverified(b"");
    }
    let _ = Certificates::parse(data);
    if let Ok(checked) = proof::check(Cursor::new(data), &CheckOptions::default()) {
        assert!(!checked.is_anchored(), "no key and no certificate was given");
        assert!(!checked.to_string().is_empty());
    }
}
