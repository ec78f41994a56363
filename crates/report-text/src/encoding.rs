//! Encodings of report texts: Windows-1252, and UTF-16 of either byte order.

use std::io::{self, BufRead, Read};

/// What stands at 0x80..=0x9f of Windows-1252; five of them are not assigned.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Adds Windows-1252 `bytes` to `text`.
pub(crate) fn push_windows_1252(bytes: &[u8], text: &mut String) {
    text.extend(bytes.iter().map(|&byte| match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }));
}

/// `text` in Windows-1252; `?` for what it does not have.
pub fn to_windows_1252(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| match u32::from(character) {
            code @ (0..=0x7f | 0xa0..=0xff) => code as u8,
            _ => WINDOWS_1252
                .iter()
                .position(|&other| other == character)
                .map_or(b'?', |index| 0x80 + index as u8),
        })
        .collect()
}

/// Whether the beginning of a text without a byte order mark is UTF-16, and then whether it is
/// big-endian: the texts are Latin, so that nearly every other byte is zero.
pub(crate) fn utf16_without_mark(head: &[u8]) -> Option<bool> {
    let pairs = head.as_chunks::<2>().0;
    let zeros = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count();
    let (high_first, low_first) = (zeros(0), zeros(1));
    let nearly_all = |zeros: usize| pairs.len() >= 2 && zeros * 10 >= pairs.len() * 7;
    match (nearly_all(high_first), nearly_all(low_first)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// UTF-16 as UTF-8, piece by piece.
pub(crate) struct Utf16Reader<R> {
    input: R,
    is_big_endian: bool,
    /// Bytes and units that wait for what belongs to them.
    half_unit: Option<u8>,
    high_surrogate: Option<u16>,
    out: Vec<u8>,
    at: usize,
}

impl<R: BufRead> Utf16Reader<R> {
    pub(crate) fn new(input: R, is_big_endian: bool) -> Self {
        Self { input, is_big_endian, half_unit: None, high_surrogate: None, out: Vec::new(), at: 0 }
    }

    fn push(&mut self, unit: u16) {
        let mut units = [self.high_surrogate.take().unwrap_or(unit), unit];
        let units = match units {
            [_, 0xd800..=0xdbff] => {
                // A high surrogate waits; one that waited in vain is a replacement character.
                self.high_surrogate = Some(unit);
                if units[0] == unit {
                    return;
                }
                &mut units[..1]
            }
            [first, second] if first == second => &mut units[..1],
            _ => &mut units[..],
        };
        for character in char::decode_utf16(units.iter().copied()) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

impl<R: BufRead> BufRead for Utf16Reader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.out.len() {
            self.out.clear();
            self.at = 0;
            let chunk = self.input.fill_buf()?.to_vec();
            if chunk.is_empty() {
                // Half a unit or half a character at the end says nothing.
                break;
            }
            self.input.consume(chunk.len());
            for byte in chunk {
                match self.half_unit.take() {
                    None => self.half_unit = Some(byte),
                    Some(first) if self.is_big_endian => {
                        self.push(u16::from_be_bytes([first, byte]));
                    }
                    Some(first) => self.push(u16::from_le_bytes([first, byte])),
                }
            }
        }
        Ok(&self.out[self.at..])
    }

    fn consume(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.out.len());
    }
}

impl<R: BufRead> Read for Utf16Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}
