//! numpy's text: elements of one length, filled with zeros.

use gnz::ByteOrder;

/// UTF-32 code units of an element as text without the zeros that fill it; `None` when a unit is no
/// character.
pub(crate) fn utf8(element: &[u8], order: ByteOrder) -> Option<String> {
    let units = element.chunks_exact(4).map(|unit| {
        let unit = [unit[0], unit[1], unit[2], unit[3]];
        match order {
            ByteOrder::Big => u32::from_be_bytes(unit),
            ByteOrder::Little | ByteOrder::Irrelevant => u32::from_le_bytes(unit),
        }
    });
    let mut text = units.map(char::from_u32).collect::<Option<String>>()?;
    text.truncate(text.trim_end_matches('\0').len());
    Some(text)
}

/// Bytes of an element without the zeros that fill it.
pub(crate) fn trimmed(element: &[u8]) -> &[u8] {
    let end = element.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &element[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_at_the_end_are_no_text_and_those_inside_are() {
        let units =
            |text: &[u32]| -> Vec<u8> { text.iter().flat_map(|u| u.to_le_bytes()).collect() };
        let little = |text: &[u32]| utf8(&units(text), ByteOrder::Little);
        assert_eq!(little(&[0x47, 0x1f30d, 0, 0]).as_deref(), Some("G🌍"));
        assert_eq!(little(&[0x47, 0, 0x48]).as_deref(), Some("G\0H"));
        assert_eq!(little(&[0xd800]), None);
        assert_eq!(utf8(&[0, 0, 0, 0xfc], ByteOrder::Big).as_deref(), Some("ü"));
        assert_eq!(trimmed(b"a\0b\0\0"), b"a\0b");
        assert_eq!(trimmed(b"\0"), b"");
    }
}
