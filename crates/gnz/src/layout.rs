//! Where everything goes in a new file.
//!
//! Offsets stand in the header, and the header's length moves the offsets:
//! longer offsets can lengthen the header across a page boundary. The layout is
//! repeated until it is stable. Starting from the smallest header and only
//! growing, the first stable layout is the smallest one there is.

use crate::error::{Error, Result};
use crate::header::{ALIGNMENT, ArrayInfo, PREFIX, print};
use crate::limits::Limits;

/// A file's layout: the header's text and where it ends.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) text: String,
    /// First byte after the last array's padding: the file's length.
    pub(crate) file_end: u64,
}

/// The next multiple of [`ALIGNMENT`]; `None` past the range of numbers.
pub(crate) fn round_up(bytes: u64) -> Option<u64> {
    bytes.checked_next_multiple_of(ALIGNMENT)
}

/// Gives every array its offset, in the order in which they come. `metadata` is a JSON text.
pub(crate) fn lay_out(arrays: &mut [ArrayInfo], metadata: &str, limits: &Limits) -> Result<Layout> {
    let mut header_end = ALIGNMENT;
    loop {
        let file_end = place(arrays, header_end)?;
        let text = print::print(arrays, metadata);
        if text.len() as u64 > u64::from(limits.header_bytes) {
            return Err(Error::HeaderTooLong {
                length: text.len() as u64,
                limit: limits.header_bytes.into(),
            });
        }
        // The limit is a u32, so that this cannot overflow.
        let needed = (PREFIX + text.len() as u64).next_multiple_of(ALIGNMENT);
        if needed <= header_end {
            return Ok(Layout { text, file_end });
        }
        header_end = needed;
    }
}

/// Sets the offsets after a header of a given size; answers the file's length.
fn place(arrays: &mut [ArrayInfo], header_end: u64) -> Result<u64> {
    let mut at = header_end;
    for info in arrays {
        info.offset = at;
        at = at
            .checked_add(info.byte_length as u64)
            .and_then(round_up)
            // Files are addressed with signed numbers.
            .filter(|end| i64::try_from(*end).is_ok())
            .ok_or_else(|| Error::FileTooLarge { array: info.name.clone() })?;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{Order, byte_length};

    fn array(name: &str, shape: &[usize]) -> ArrayInfo {
        let dtype = "|u1".parse().expect("known");
        ArrayInfo {
            name: name.to_owned(),
            byte_length: byte_length(shape, &dtype).expect("small"),
            dtype,
            order: Order::C,
            shape: shape.to_vec(),
            offset: 0,
        }
    }

    fn padded(length: usize) -> String {
        format!("{{\"pad\": \"{}\"}}", "x".repeat(length))
    }

    #[test]
    fn a_header_that_its_own_offsets_push_over_a_page_moves_once_more() {
        // Offsets with one digit more: find a pad for which the text fits one
        // page with the offsets of one page, but not two with those of two.
        let mut moved = 0;
        for pad in 0..9000 {
            let mut arrays = vec![array("a", &[1000]), array("b", &[1]), array("c", &[1])];
            let layout = lay_out(&mut arrays, &padded(pad), &Limits::default()).expect("small");
            let header_end = arrays[0].offset;
            assert!(PREFIX + layout.text.len() as u64 <= header_end, "pad {pad}");
            // No smaller header is stable.
            let mut smaller = ALIGNMENT;
            while smaller < header_end {
                place(&mut arrays, smaller).expect("small");
                let needed = PREFIX + print::print(&arrays, &padded(pad)).len() as u64;
                assert!(needed > smaller, "pad {pad}");
                moved += u64::from(needed.next_multiple_of(ALIGNMENT) < header_end);
                smaller += ALIGNMENT;
            }
        }
        assert!(moved > 0, "no pad made the layout go round more than once");
    }

    #[test]
    fn arrays_without_bytes_share_the_offset_of_the_next() {
        let mut arrays = vec![array("a", &[0, 5]), array("b", &[4097]), array("c", &[])];
        let layout = lay_out(&mut arrays, "{}", &Limits::default()).expect("small");
        let offsets: Vec<u64> = arrays.iter().map(|info| info.offset).collect();
        assert_eq!(offsets, [4096, 4096, 12288]);
        assert_eq!(layout.file_end, 16384);
    }

    #[test]
    fn arrays_that_no_file_holds_are_refused() {
        let half = usize::try_from(i64::MAX / 2).expect("64 bits");
        let mut arrays = vec![array("a", &[half]), array("b", &[half])];
        assert!(matches!(
            lay_out(&mut arrays, "{}", &Limits::default()),
            Err(Error::FileTooLarge { array }) if array == "b"
        ));
    }
}
