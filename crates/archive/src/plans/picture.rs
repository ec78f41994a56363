//! Pictures of plans: PNG and JPEG, looked through before they are kept.
//!
//! Nothing is decoded: width and height come from headers, and a file that ends too early is found by its
//! structure. So a picture of any size takes no more memory than its bytes.

use serde::{Deserialize, Serialize};

use super::PlanError;

/// Bytes of a picture, at most.
pub(super) const MOST_BYTES: usize = 16 << 20;
/// Pixels of a side, at most.
const MOST_SIDE: u32 = 16_384;
/// Pixels in all, at most: browsers decode all of them.
const MOST_PIXELS: u64 = 50_000_000;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A picture of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlanPicture {
    /// SHA-256 of its bytes: 64 hexadecimal digits.
    pub sha256: String,
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Its length in bytes.
    pub bytes: u64,
    /// The name of the file that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl PlanPicture {
    /// Looks through a picture.
    ///
    /// # Errors
    /// [`PlanError`] where it is neither PNG nor JPEG, ends too early or is too large.
    pub fn of(bytes: &[u8]) -> Result<Self, PlanError> {
        if bytes.len() > MOST_BYTES {
            return Err(PlanError::TooLong { bytes: bytes.len() });
        }
        let (media_type, (width, height)) = if bytes.starts_with(PNG) {
            ("image/png", png(bytes).map_err(|what| PlanError::Damaged { kind: "PNG", what })?)
        } else if bytes.starts_with(&[0xff, 0xd8]) {
            ("image/jpeg", jpeg(bytes).map_err(|what| PlanError::Damaged { kind: "JPEG", what })?)
        } else {
            return Err(PlanError::OtherFormat);
        };
        let sides = 1..=MOST_SIDE;
        let is_of_size = sides.contains(&width)
            && sides.contains(&height)
            && u64::from(width) * u64::from(height) <= MOST_PIXELS;
        if !is_of_size {
            return Err(PlanError::Pixels { width, height });
        }
        Ok(Self {
            sha256: wavekeep_custody::Hash::of(bytes).to_string(),
            media_type: media_type.to_owned(),
            width,
            height,
            bytes: bytes.len() as u64,
            name: None,
        })
    }

    /// The name of its file.
    pub(super) fn file_name(&self) -> Option<String> {
        let is_sum = self.sha256.len() == 64
            && self.sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let end = match self.media_type.as_str() {
            "image/png" => "png",
            "image/jpeg" => "jpg",
            _ => return None,
        };
        is_sum.then(|| format!("{}.{end}", self.sha256))
    }
}

fn big_endian(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}

/// Width and height of a PNG whose parts are all there (W3C PNG, clause 5).
fn png(bytes: &[u8]) -> Result<(u32, u32), &'static str> {
    const ENDS: &str = "it ends too early";
    let (mut at, mut size, mut has_data) = (PNG.len(), None, false);
    loop {
        let length = big_endian(bytes, at).ok_or(ENDS)? as usize;
        let end = length.checked_add(8).and_then(|length| at.checked_add(length)).ok_or(ENDS)?;
        let named = bytes.get(at + 4..end).ok_or(ENDS)?;
        let mut sum = flate2::Crc::new();
        sum.update(named);
        if big_endian(bytes, end).ok_or(ENDS)? != sum.sum() {
            return Err("the checksum of one of its parts is wrong");
        }
        match (&named[..4], size) {
            (b"IHDR", None) if length == 13 => {
                size = big_endian(named, 4).zip(big_endian(named, 8));
            }
            (_, None) => return Err("it does not begin with its header"),
            (b"IDAT", _) => has_data = true,
            (b"IEND", Some(size)) if has_data => return Ok(size),
            (b"IEND", _) => return Err("it has no pixels"),
            _ => {}
        }
        at = end + 4;
    }
}

/// Width and height of a JPEG whose parts are all there (ITU-T T.81, annex B).
fn jpeg(bytes: &[u8]) -> Result<(u32, u32), &'static str> {
    const ENDS: &str = "it ends too early";
    let number = |at: usize| {
        let pair = bytes.get(at..at.checked_add(2)?)?;
        Some(u16::from_be_bytes([pair[0], pair[1]]))
    };
    let (mut at, mut size) = (2, None);
    loop {
        if bytes.get(at) != Some(&0xff) {
            return Err(if at >= bytes.len() { ENDS } else { "one of its parts has no marker" });
        }
        let marker = *bytes.get(at + 1).ok_or(ENDS)?;
        match marker {
            // A filler.
            0xff => {
                at += 1;
                continue;
            }
            0xd9 => return size.ok_or("it has no size"),
            0x01 | 0xd0..=0xd7 => {
                at += 2;
                continue;
            }
            _ => {}
        }
        let length = usize::from(number(at + 2).ok_or(ENDS)?);
        let end = at + 2 + length;
        if length < 2 || end > bytes.len() {
            return Err(ENDS);
        }
        // Frames: all kinds, without the tables between them.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let sides = number(at + 7).zip(number(at + 5)).filter(|_| length >= 8).ok_or(ENDS)?;
            size = Some((u32::from(sides.0), u32::from(sides.1)));
        }
        at = end;
        if marker == 0xda {
            at = behind_scan(bytes, at).ok_or(ENDS)?;
        }
    }
}

/// The next marker behind the data of a scan.
fn behind_scan(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(0xff, bytes.get(at..)?)?;
        match bytes.get(at + 1)? {
            0x00 | 0xd0..=0xd7 => at += 2,
            _ => return Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let mut sum = flate2::Crc::new();
        sum.update(name);
        sum.update(data);
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length, &name[..], data, &sum.sum().to_be_bytes()].concat()
    }

    fn a_png(width: u32, height: u32) -> Vec<u8> {
        let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        [PNG, &part(b"IHDR", &header), &part(b"IDAT", &[1, 2, 3]), &part(b"IEND", &[])].concat()
    }

    fn a_jpeg(width: u16, height: u16) -> Vec<u8> {
        let (w, h) = (width.to_be_bytes(), height.to_be_bytes());
        let frame = [0xff, 0xc0, 0, 11, 8, h[0], h[1], w[0], w[1], 1, 1, 0x11, 0];
        let scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56];
        [&[0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2][..], &frame, &scan, &[0xff, 0xd9]].concat()
    }

    #[test]
    fn width_and_height_are_read_from_the_header() {
        let size = |bytes: &[u8]| PlanPicture::of(bytes).map(|of| (of.width, of.height)).unwrap();
        assert_eq!(size(&a_png(800, 600)), (800, 600));
        assert_eq!(size(&a_jpeg(800, 600)), (800, 600));
        assert_eq!(PlanPicture::of(&a_jpeg(1, 1)).unwrap().media_type, "image/jpeg");
    }

    #[test]
    fn a_picture_that_is_too_large_is_refused_by_its_header() {
        for (width, height) in [(0, 5), (5, 0), (16_385, 5), (10_000, 10_000), (u32::MAX, u32::MAX)]
        {
            let refused = PlanPicture::of(&a_png(width, height)).unwrap_err().to_string();
            assert!(refused.contains(&format!("{width} × {height}")), "{refused}");
        }
        let refused = PlanPicture::of(&a_jpeg(65_535, 65_535)).unwrap_err().to_string();
        assert!(refused.contains("65535 × 65535"), "{refused}");
        let long = [a_png(5, 5), vec![0; MOST_BYTES]].concat();
        assert!(matches!(PlanPicture::of(&long), Err(PlanError::TooLong { .. })));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for bytes in
            [&b""[..], b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG", b"BM"]
        {
            assert!(matches!(PlanPicture::of(bytes), Err(PlanError::OtherFormat)), "{bytes:?}");
        }
    }

    #[test]
    fn a_picture_that_ends_too_early_is_refused_wherever_it_ends() {
        for whole in [a_png(8, 8), a_jpeg(8, 8)] {
            for end in 2..whole.len() {
                assert!(PlanPicture::of(&whole[..end]).is_err(), "{end} of {}", whole.len());
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(
            start in prop::sample::select(vec![PNG.to_vec(), vec![0xff, 0xd8], vec![]]),
            rest in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let _ = PlanPicture::of(&[start, rest].concat());
        }

        #[test]
        fn a_flipped_bit_never_makes_another_size_of_a_png(at in 0usize..57, bit in 0u8..8) {
            let mut bytes = a_png(300, 200);
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            if let Ok(picture) = PlanPicture::of(&bytes) {
                prop_assert_eq!((picture.width, picture.height), (300, 200));
            }
        }
    }
}
