//! What a proof says, in plain words: the page in it, and the result of a check.

use std::fmt;

use super::{Checked, Proof, SignatureFinding, StampFinding};
use crate::Head;
use crate::signature::signed_with;
use crate::stamp::Stamp;

/// The page in a proof. Checkers do not read it.
pub(super) fn readme(proof: &Proof, head: &Head) -> String {
    let event = &proof.event;
    let signature = match proof.signature.as_deref().map(signed_with) {
        Some(Ok(key)) => format!("signed with the key {key}"),
        Some(Err(_)) | None => "not signed".to_owned(),
    };
    let stamp = match proof.stamp.as_deref().map(Stamp::parse) {
        Some(Ok(stamp)) => {
            let claim = stamp.unverified(proof.head.as_bytes());
            format!("time-stamped {} (as the stamp itself says)", claim.time)
        }
        Some(Err(_)) | None => "not time-stamped".to_owned(),
    };
    format!(
        "\
PROOF OF A RECORD

This zip file is about one record of an archive of measurements:

  record        number {id}, unit {serial}, file {filename}
  archive       {archive}
  head          {size}:{root}
                taken {time} by the clock of the archive's machine
  the head is   {signature}
                {stamp}

This page only explains the file. It is not checked and proves nothing.


What the parts are

  The archive keeps a ledger: a list to which entries are only ever added. Each entry says when something
  happened to a record, who did it, what it was, and the SHA-256 of each file of the record after it.
  A SHA-256 is a number computed from a file; nobody can make another file that has the same one.

  head.txt           The head: the number of entries of the ledger at a moment, and one number, the root,
                     that is computed from all of them. If any entry is altered, added in between or taken
                     out, the root becomes another one.
  head.txt.minisig   The signature of the head, if there is one. Only the holder of the secret key can make
                     it.
  head.txt.tsr       The time stamp of the head, if there is one. An independent time-stamp authority
                     states in it when it saw the head.
  proof.json         The entries of this record, and for each one the numbers with which the root can be
                     computed from it.
  files/             Files of the record.


What is proved if the check finds no problem

  1. The files in files/ are, to the last bit, those that the last entry names.
  2. The entries are in the ledger whose head this is, in this order. None is missing between them or before
     the first of them, and none was altered after the head was taken.
  3. With the signature, checked with a public key that you have from its holder: the holder of the key
     signed this head.
  4. With the time stamp, checked with the certificate of the authority: the head, and with it all of the
     above, existed at the time of the stamp.

Against whom

  Without a signature and a time stamp: against nobody, unless you have the same head (its size and root)
  from an earlier day. With a signature: against everybody but the holder of the key. With a time stamp:
  against everybody, the holder of the archive included, for changes after the time of the stamp, as far as
  the authority is trusted.


What is not proved

  - That the measurement was right, or that the recorder stood where the record says.
  - What happened before the first entry. A file that was altered before it came into the archive is proved
    as it came in.
  - The times in the entries and in the head: they are those of the archive's machine. The time stamp is the
    one time that somebody else states.
  - That there is no later entry of this record than the last one here. Ask for a proof with a newer head.
  - That a person is who an entry says: it has the name of an account of the archive.
  - Whether the certificate of the time-stamp authority was revoked: the check needs no network.


How it is checked

  With the program wavekeep:

    wavekeep verify THIS.zip --public-key RW... --ca authority.pem

  Without it, with Python 3.11 or newer and its package cryptography, by a short script that an expert can
  read. It is check_proof.py in the folder docs/custody of the program's source text:

    pip install cryptography
    python check_proof.py THIS.zip --public-key RW... --ca authority.pem

  RW... is the public key: take it from its holder, not from the one who gave you this file.
  authority.pem is the certificate that the time-stamp authority publishes.
  Signature and time stamp can also be checked with the programs minisign and openssl:

    minisign -V -m head.txt -P RW...
    openssl ts -verify -data head.txt -in head.txt.tsr -CAfile authority.pem
",
        id = event.id,
        serial = plain(&event.serial),
        filename = plain(&event.filename),
        archive = plain(&head.archive),
        size = head.size,
        root = head.root,
        time = plain(&head.time),
    )
}

/// Untrusted text without control characters, which could change what a terminal shows.
fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '?' } else { char }).collect()
}

impl fmt::Display for Checked {
    /// What was checked, in plain words, a line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (event, head) = (&self.event, &self.head);
        let (serial, filename) = (plain(&event.serial), plain(&event.filename));
        writeln!(f, "event {}, unit {serial}, file {filename}", event.id)?;
        for entry in &self.entries {
            let (at, who, action) = (plain(&entry.at), plain(&entry.who), plain(&entry.action));
            writeln!(f, "entry {}: {at} {who}: {action}", entry.entry)?;
        }
        writeln!(f, "head {}:{}, taken {}", head.size, head.root, plain(&head.time))?;
        match &self.signature {
            SignatureFinding::By { key, comment } => {
                writeln!(f, "signature: by the key {key}, {}", plain(comment))?;
            }
            SignatureFinding::Absent => writeln!(f, "signature: there is none")?,
            SignatureFinding::KeyNotGiven { key } => {
                writeln!(f, "signature: NOT CHECKED, give the public key {key}")?;
            }
            SignatureFinding::Wrong => writeln!(f, "signature: WRONG")?,
        }
        match &self.stamp {
            StampFinding::At(stamped) => {
                writeln!(f, "time stamp: {} by {}", stamped.time, plain(&stamped.authority))?;
            }
            StampFinding::Absent => writeln!(f, "time stamp: there is none")?,
            StampFinding::CertificateNotGiven(claim) => writeln!(
                f,
                "time stamp: NOT CHECKED, give the certificate of its authority; it claims {}",
                claim.time
            )?,
            StampFinding::Wrong => writeln!(f, "time stamp: WRONG")?,
        }
        for name in &self.files {
            writeln!(f, "file {}: as in the last entry", plain(name))?;
        }
        for name in &self.not_included {
            writeln!(f, "file {}: not included, not checked", plain(name))?;
        }
        for problem in &self.problems {
            writeln!(f, "PROBLEM: {}", plain(problem))?;
        }
        match (self.problems.len(), self.is_anchored()) {
            (0, true) => writeln!(f, "Everything that was checked fits."),
            (0, false) => writeln!(
                f,
                "Everything that was checked fits, but neither a signature nor a time stamp was checked: it \
                 proves something only if you have this head from elsewhere."
            ),
            (count, _) => writeln!(f, "{count} things do not fit: this proves nothing."),
        }
    }
}
