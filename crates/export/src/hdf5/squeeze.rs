//! Chunks, shuffled and deflated.

use std::cell::RefCell;
use std::io;

use flate2::{Compress, Compression, FlushCompress, Status};

/// How much time deflating may take; it takes most of the time of a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Effort {
    /// Level 2: a third of the time of the default 6, for what is large.
    Quick,
    /// Level 4: the same of what repeats, for a tenth more bytes than 6; for events.
    Small,
}

impl Effort {
    pub(super) const fn level(self) -> u32 {
        match self {
            Self::Quick => 2,
            Self::Small => 4,
        }
    }
}

/// A chunk, deflated, and whether it is shuffled.
pub(super) type Squeezed = (Vec<u8>, bool);

/// Chunks of doubles that are kept.
const KEPT: usize = 4;

/// A chunk, deflated: as it is, or shuffled where that is smaller.
///
/// Samples of small numbers repeat whole elements, which shuffling takes apart; times and other doubles share
/// their first bytes and no more. What is less than half a byte an element in the one way is not tried in
/// the other. Events of one length have one axis of times, which is deflated once.
pub(super) fn squeezed(elements: &[u8], size: usize) -> io::Result<Squeezed> {
    if size != 8 {
        return squeezed_now(elements, size);
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some((_, squeezed)) = known.iter().find(|(of, _)| of == elements) {
            return Ok(squeezed.clone());
        }
        let squeezed = squeezed_now(elements, size)?;
        known.truncate(KEPT - 1);
        known.insert(0, (elements.to_vec(), squeezed.clone()));
        Ok(squeezed)
    })
}

fn squeezed_now(elements: &[u8], size: usize) -> io::Result<Squeezed> {
    let in_way = |is_shuffled: bool| match is_shuffled {
        true => deflated(&shuffled(elements, size), Effort::Small),
        false => deflated(elements, Effort::Small),
    };
    let is_double = size == 8;
    let first = in_way(is_double)?;
    if size < 2 || 2 * first.len() < elements.len() / size {
        return Ok((first, is_double));
    }
    let other = in_way(!is_double)?;
    Ok(if other.len() < first.len() { (other, !is_double) } else { (first, is_double) })
}

thread_local! {
    // Their memory is large and is used again.
    static QUICK: RefCell<Compress> = deflater(Effort::Quick);
    static SMALL_ONES: RefCell<Compress> = deflater(Effort::Small);
    static KNOWN: RefCell<Vec<(Vec<u8>, Squeezed)>> = const { RefCell::new(Vec::new()) };
}

fn deflater(effort: Effort) -> RefCell<Compress> {
    RefCell::new(Compress::new(Compression::new(effort.level()), true))
}

/// The bytes as a zlib stream.
pub(super) fn deflated(bytes: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
    let deflater = match effort {
        Effort::Quick => &QUICK,
        Effort::Small => &SMALL_ONES,
    };
    deflater.with_borrow_mut(|deflate| {
        deflate.reset();
        let mut out = Vec::with_capacity(bytes.len() / 4 + 256);
        loop {
            let done = usize::try_from(deflate.total_in()).unwrap_or(bytes.len());
            let status = deflate.compress_vec(&bytes[done..], &mut out, FlushCompress::Finish);
            match status.map_err(io::Error::other)? {
                Status::StreamEnd => return Ok(out),
                Status::Ok | Status::BufError => out.reserve(out.capacity().max(1 << 10)),
            }
        }
    })
}

/// The first bytes of all elements, then the second ones, and so on.
pub(super) fn shuffled(elements: &[u8], size: usize) -> Vec<u8> {
    let count = elements.len() / size.max(1);
    let mut shuffled = vec![0; elements.len()];
    if let ([], elements) = (elements.as_chunks::<4>().1, elements.as_chunks::<4>().0)
        && size == 4
    {
        let (first, rest) = shuffled.split_at_mut(count);
        let (second, rest) = rest.split_at_mut(count);
        let (third, fourth) = rest.split_at_mut(count);
        let planes = first.iter_mut().zip(second).zip(third).zip(fourth);
        for ((((a, b), c), d), element) in planes.zip(elements) {
            [*a, *b, *c, *d] = *element;
        }
        return shuffled;
    }
    for (byte, plane) in shuffled.chunks_exact_mut(count.max(1)).enumerate() {
        for (to, element) in plane.iter_mut().zip(elements.chunks_exact(size)) {
            *to = element[byte];
        }
    }
    shuffled
}
