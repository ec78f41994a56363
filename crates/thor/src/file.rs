//! The file around a body: signature, header, and what stands in the name's way.

use wavekeep_core::{Error, Result};

/// What every file of the vendor's Series IV software begins with.
pub const SIGNATURE: [u8; 16] = *b"\x00\x12\x01\x00\x00\x00Instantel\x00";
/// What Blastware files begin with; some carry a Thor name.
pub(crate) const BLASTWARE_SIGNATURE: [u8; 6] = [0x10, 0x00, 0x01, 0x80, 0x00, 0x00];
/// Where the body of a waveform begins in about half of the files.
pub const USUAL_BODY_OFFSET: usize = 0x0f1f;
/// No body begins before this.
pub const FIRST_BODY_OFFSET: usize = 0x0e00;

/// Refuses what does not begin as a Thor file.
pub(crate) fn check_signature(file: &[u8]) -> Result<()> {
    if file.starts_with(&SIGNATURE) {
        return Ok(());
    }
    let head = &file[..file.len().min(SIGNATURE.len())];
    Err(Error::NotThisFormat {
        format: crate::INFO.name,
        expected: "00 12 01 00 00 00 \"Instantel\" 00 at byte 0".into(),
        found: if head.is_empty() {
            "an empty file".to_owned()
        } else {
            head.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
        },
    })
}

/// A file around `body`, which begins at `body_offset`: signature, zeros where the header would be
/// (its content is open), body.
///
/// For samples and tests: a body of a waveform from
/// [`encode`](wavekeep_blastware::waveform::encode), or of a histogram from
/// [`histogram::encode`](crate::histogram::encode).
pub fn assemble(body_offset: usize, body: &[u8]) -> Vec<u8> {
    let mut file = SIGNATURE.to_vec();
    file.resize(body_offset.max(SIGNATURE.len()), 0);
    file.extend(body);
    file
}
