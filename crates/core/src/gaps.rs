//! Where samples are missing.

use std::ops::Range;

use serde::Serialize;
use serde::ser::SerializeSeq;

/// The sample indices of one channel that are missing: sorted ranges that neither touch nor overlap.
///
/// ```
/// use wavekeep_core::Gaps;
///
/// let mut gaps = Gaps::default();
/// gaps.insert(512..1024);
/// gaps.insert(1024..1536);
/// assert_eq!(gaps.ranges(), [512..1536]);
/// assert!(gaps.contains(700) && !gaps.contains(1536));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps(Vec<Range<usize>>);

impl Gaps {
    /// Marks `range` as missing. An empty range changes nothing.
    pub fn insert(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let from = self.0.partition_point(|gap| gap.end < range.start);
        let to = self.0.partition_point(|gap| gap.start <= range.end);
        let merged = self.0[from..to]
            .iter()
            .fold(range, |all, gap| all.start.min(gap.start)..all.end.max(gap.end));
        self.0.splice(from..to, [merged]);
    }

    /// The missing ranges, ascending.
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.0
    }

    /// Whether sample `index` is missing.
    pub fn contains(&self, index: usize) -> bool {
        let next = self.0.partition_point(|gap| gap.end <= index);
        self.0.get(next).is_some_and(|gap| gap.start <= index)
    }

    /// Whether nothing is missing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many samples are missing.
    pub fn samples(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).sum()
    }

    /// The ranges of `0..len` that are *not* missing, ascending.
    pub fn runs(&self, len: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        let starts = std::iter::once(0).chain(self.0.iter().map(move |gap| gap.end.min(len)));
        let ends = self.0.iter().map(move |gap| gap.start.min(len)).chain(std::iter::once(len));
        starts.zip(ends).map(|(start, end)| start..end).filter(|run| !run.is_empty())
    }
}

/// A list of `{"first": 512, "count": 1024}`.
impl Serialize for Gaps {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Gap {
            first: usize,
            count: usize,
        }
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for gap in &self.0 {
            list.serialize_element(&Gap { first: gap.start, count: gap.len() })?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_order_of_insertion_gives_the_set_of_missing_indices(
            inserted in proptest::collection::vec((0usize..60, 0usize..12), 0..20)
        ) {
            let mut gaps = Gaps::default();
            let mut naive = BTreeSet::new();
            for (start, len) in inserted {
                gaps.insert(start..start + len);
                naive.extend(start..start + len);
            }
            for index in 0..80 {
                prop_assert_eq!(gaps.contains(index), naive.contains(&index));
            }
            prop_assert_eq!(gaps.samples(), naive.len());
            prop_assert!(gaps.ranges().windows(2).all(|pair| pair[0].end < pair[1].start));
            let present: Vec<usize> = gaps.runs(80).flatten().collect();
            let expected: Vec<usize> = (0..80).filter(|i| !naive.contains(i)).collect();
            prop_assert_eq!(present, expected);
        }
    }
}
