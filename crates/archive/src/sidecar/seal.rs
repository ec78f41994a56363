//! The checksum that a sidecar carries of itself.
//!
//! `wavekeep.sidecar_sha256` is the SHA-256 of the file as it stands, with 64 zeros in the place of
//! the sum. It belongs to the bytes, not to the document: reading takes it away, writing puts it
//! in.

use serde_json::{Map, Value};

use crate::remake::sha256;

/// The block that this program keeps for itself.
const BLOCK: &str = "wavekeep";
const FIELD: &str = "sidecar_sha256";
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What the checksum of a sidecar says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal {
    /// The bytes are those that this program wrote.
    Intact,
    /// They are not.
    Broken,
    /// There is none: another program wrote the file.
    Absent,
}

pub(super) fn without_seal(mut document: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Object(own)) = document.get_mut(BLOCK) {
        own.shift_remove(FIELD);
    }
    document
}

pub(super) fn sealed(document: &Map<String, Value>) -> Vec<u8> {
    let mut document = document.clone();
    let own = document.get_mut(BLOCK).and_then(Value::as_object_mut);
    let is_ours = own.map(|own| own.insert(FIELD.to_owned(), ZEROS.into())).is_some();
    let mut text = format!("{:#}", Value::Object(document));
    text.push('\n');
    if is_ours && let Some(at) = text.find(&member(ZEROS)) {
        let sum = sha256(text.as_bytes());
        let end = at + member(ZEROS).len() - 1;
        text.replace_range(end - sum.len()..end, &sum);
    }
    text.into_bytes()
}

/// Holds the bytes of a sidecar against the sum in them.
pub(crate) fn check_seal(bytes: &[u8]) -> Seal {
    let Ok(text) = std::str::from_utf8(bytes) else { return Seal::Broken };
    let Ok(Value::Object(document)) = serde_json::from_str(text) else { return Seal::Broken };
    let Some(own) = document.get(BLOCK) else { return Seal::Absent };
    // Whoever has this block has the sum.
    let Some(sum) = own.get(FIELD).and_then(Value::as_str) else { return Seal::Broken };
    let Some(at) = text.find(&member(sum)) else { return Seal::Broken };
    let end = at + member(sum).len() - 1;
    let mut before = text.to_owned();
    before.replace_range(end - sum.len()..end, ZEROS);
    if sha256(before.as_bytes()) == sum { Seal::Intact } else { Seal::Broken }
}

/// `"sidecar_sha256": "…"` as it is written.
fn member(sum: &str) -> String {
    format!("\"{FIELD}\": \"{sum}\"")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Map<String, Value> {
        let value = json!({"kind": "sfm.event", "wavekeep": {"id": 7}, "extensions": {"ü": "sidecar_sha256"}});
        value.as_object().unwrap().clone()
    }

    #[test]
    fn every_flipped_bit_breaks_the_seal_or_takes_the_block_away() {
        let bytes = sealed(&document());
        assert_eq!(check_seal(&bytes), Seal::Intact);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(check_seal(&flipped), Seal::Intact, "bit {bit}");
        }
    }

    #[test]
    fn the_sum_is_of_the_bytes_and_not_of_the_document() {
        let bytes = sealed(&document());
        let read: Map<String, Value> = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(without_seal(read), document());
    }

    #[test]
    fn what_another_program_wrote_has_no_seal() {
        assert_eq!(check_seal(b"{}"), Seal::Absent);
    }
}
