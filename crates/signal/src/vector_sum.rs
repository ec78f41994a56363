//! The vector sum of three traces.

use wavekeep_core::{Flag, Reading};

use crate::trace::Trace;

/// The largest sqrt(a² + b² + c²) over the indices where all three are present, with its index (the
/// first one of equals).
///
/// It is flagged when a component is at its limit, or missing, anywhere: the true one may be larger.
pub(crate) fn largest_vector(three: [&Trace; 3]) -> Option<(usize, Reading)> {
    let [a, b, c] = three.map(|trace| trace.values.as_slice());
    let mut largest = None;
    let mut square = -1.0;
    for (index, ((a, b), c)) in a.iter().zip(b).zip(c).enumerate() {
        let sum = a * a + b * b + c * c;
        if sum > square {
            square = sum;
            largest = Some(index);
        }
    }
    let flags = three.map(Trace::flag);
    let lengths_differ = a.len() != b.len() || b.len() != c.len();
    let flag = if flags.contains(&Some(Flag::Impossible)) {
        Some(Flag::Impossible)
    } else if flags.contains(&Some(Flag::Saturated)) {
        Some(Flag::Saturated)
    } else if flags.contains(&Some(Flag::Incomplete)) || lengths_differ {
        Some(Flag::Incomplete)
    } else {
        None
    };
    let Trace { unit, decimals, .. } = *three[0];
    largest.map(|index| (index, Reading { value: square.sqrt(), unit, flag, decimals }))
}
