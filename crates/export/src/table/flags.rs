//! The words of flag columns: what is special about the number beside them.

use wavekeep_core::Frequency;

/// A value that has nothing special about it: no word stands in a table.
const MEASURED: &str = "measured";
/// There is no value: no word stands in a table either.
const MISSING: &str = "missing";

/// What the numbers of a frequency's flags mean, by place. The vendor prints `>100 Hz` and `<1 Hz`,
/// where the number beside it is the end of the range, and `N/A`, where there is no number.
pub(crate) const FREQUENCY: [&str; 5] =
    [MEASURED, "above_range", "below_range", "not_available", MISSING];

/// What the numbers of a peak's flags mean: where the sensor or its converter was at its limit, the
/// true peak is at least the one beside it.
pub(crate) const PEAK: [&str; 3] = [MEASURED, "saturated", MISSING];

/// Where in the list of `frequency_flags` a frequency stands: 0 measured, 1 above the range, 2 below
/// it, 3 not available, 4 where there is no value.
pub fn frequency_flag(frequency: Option<Frequency>) -> u8 {
    match frequency {
        Some(Frequency::Hertz(_)) => 0,
        Some(Frequency::AboveRange(_)) => 1,
        Some(Frequency::BelowRange(_)) => 2,
        Some(Frequency::NotAvailable) => 3,
        None => 4,
    }
}

/// The word of a flag in a table.
pub(crate) fn word(meanings: &[&'static str], place: u8) -> Option<&'static str> {
    let word = meanings.get(usize::from(place)).copied()?;
    (word != MEASURED && word != MISSING).then_some(word)
}
