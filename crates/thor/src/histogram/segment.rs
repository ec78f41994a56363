//! Where the segments of a histogram are.

use serde::Serialize;

use super::interval::INTERVAL_LEN;

/// Bytes of the header that `length` counts, whichever layout it has.
pub(super) const COUNTED: usize = 10;

/// How long the header of a segment is, and with that what its length field counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderLayout {
    /// 12 bytes: two more stand behind `05 3f`, and `length` counts what is behind itself.
    #[default]
    Twelve,
    /// 10 bytes, which `length` counts with itself.
    Ten,
}

impl HeaderLayout {
    fn len(self) -> usize {
        match self {
            Self::Twelve => 12,
            Self::Ten => 10,
        }
    }
}

/// The header of a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    /// Where its length field stands.
    pub(super) at: usize,
    pub(super) number: u8,
    pub(super) intervals: usize,
}

impl Segment {
    pub(super) const MARKER: [u8; 5] = [0x0a, 0, 0, 0, 0];

    /// The segment whose length field stands at `at`.
    fn read(file: &[u8], at: usize) -> Option<Self> {
        let bytes = file.get(at..)?.first_chunk::<10>()?;
        let length = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        let counted = length.checked_sub(COUNTED)?;
        let fits = bytes[2..7] == Self::MARKER
            && bytes[8..] == [0x05, 0x3f]
            && counted > 0
            && counted % INTERVAL_LEN == 0;
        fits.then_some(Self { at, number: bytes[7], intervals: counted / INTERVAL_LEN })
    }

    pub(super) fn end(&self, header: HeaderLayout) -> usize {
        self.at + header.len() + self.intervals * INTERVAL_LEN
    }
}

/// The segments of a file whose headers are `header` long.
pub(super) fn segments(file: &[u8], header: HeaderLayout) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut at = 0;
    while let Some(segment) = next_segment(file, at) {
        at = segment.end(header);
        segments.push(segment);
    }
    segments
}

/// The next header that begins at `from` or behind it.
fn next_segment(file: &[u8], from: usize) -> Option<Segment> {
    let rest = file.get(from + 2..)?;
    memchr::memmem::find_iter(rest, &Segment::MARKER)
        .find_map(|found| Segment::read(file, from + found))
}

/// The bytes of the whole intervals of a segment.
pub(super) fn interval_bytes<'a>(
    file: &'a [u8],
    segment: &Segment,
    header: HeaderLayout,
) -> impl Iterator<Item = &'a [u8; INTERVAL_LEN]> + use<'a> {
    let end = segment.end(header).min(file.len());
    let bytes = file.get(segment.at + header.len()..end).unwrap_or_default();
    bytes.as_chunks::<INTERVAL_LEN>().0.iter()
}
