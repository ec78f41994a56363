//! Custody: how somebody who was not there can check that nothing was altered.
//!
//! A *ledger* is a list of entries that is only ever appended to. Its entries are the leaves of a Merkle
//! tree (RFC 6962); size and root of it are a *head*. Anyone who holds an earlier head can check that the
//! ledger only grew since, and a short path proves that an entry is in it. `docs/ledger.md` is the page
//! of the formats, `docs/custody.md` says what is proved and what is not.
//!
//! | module | what it holds |
//! |---|---|
//! | `hash` | SHA-256 values |
//! | `merkle` | roots, proofs of inclusion, proofs that a ledger only grew |
//! | `entry` | entries as lines |
//! | `head` | heads as texts |
//! | `signature` | keys, and signatures of heads, as minisign makes them |
//! | `stamp` | time stamps of heads, by authorities of RFC 3161 |
//! | `proof` | proofs: the entries of an event with all that a checker needs, in one zip file |
//!
//! Nothing here opens files or speaks to a network.
//!
//! ```
//! use wavekeep_custody::merkle::{Tree, consistency, inclusion, is_consistent, is_included, leaf_hash};
//!
//! let mut tree = Tree::of(["import", "review"].map(|line| leaf_hash(line.as_bytes())));
//! let earlier = tree.root(2);
//! tree.push(leaf_hash(b"import"));
//! let Ok(path) = inclusion(&tree, 1, 3);
//! assert!(is_included(&leaf_hash(b"review"), 1, 3, &path, &tree.root(3)));
//! let Ok(proof) = consistency(&tree, 2, 3);
//! assert!(is_consistent(2, &earlier, 3, &tree.root(3), &proof));
//! ```
#![forbid(unsafe_code)]

mod entry;
mod hash;
mod head;
pub mod merkle;
pub mod proof;
pub mod signature;
pub mod stamp;

pub use entry::{Action, Entry, Subject, hash_of_line, lost_hash, lost_line};
pub use hash::{Hash, NotAHash};
pub use head::{Blocks, Head, HeadError};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
