//! One channel as physical values, missing ones as NaN.

use std::ops::Range;

use wavekeep_core::{Channel, Flag, Reading, Samples, Unit};

/// The values of a channel in its unit, NaN where one is missing.
///
/// NaN compares false with everything and spreads through sums and differences, so that no loop
/// over a trace can take a missing sample for a number. A stored value that is not finite counts
/// as missing too.
pub(crate) struct Trace {
    pub(crate) values: Vec<f64>,
    pub(crate) unit: Unit,
    pub(crate) missing: usize,
    pub(crate) at_limit: usize,
    pub(crate) impossible: usize,
    /// Decimals that say something of a value in `unit`.
    pub(crate) decimals: Option<u8>,
}

impl Trace {
    pub(crate) fn of(channel: &Channel) -> Self {
        let len = channel.len();
        let mut trace = Self {
            values: vec![f64::NAN; len],
            unit: channel.unit(),
            missing: len,
            at_limit: 0,
            impossible: 0,
            decimals: channel.samples.are_counts().then(|| channel.scale.decimals()).flatten(),
        };
        // One loop per sample type and run: a match or a look for a gap inside it would cost more
        // than all the rest.
        for run in channel.gaps.runs(len) {
            match &channel.samples {
                Samples::I16(all) => trace.fill(&run, channel, all[run.clone()].iter().copied()),
                Samples::I32(all) => trace.fill(&run, channel, all[run.clone()].iter().copied()),
                Samples::F32(all) => trace.fill(&run, channel, all[run.clone()].iter().copied()),
                Samples::F64(all) => trace.fill(&run, channel, all[run.clone()].iter().copied()),
                other => trace.fill(&run, channel, run.clone().map(|index| other.value(index))),
            }
        }
        trace
    }

    fn fill<T: Into<f64>>(
        &mut self,
        run: &Range<usize>,
        channel: &Channel,
        counts: impl Iterator<Item = T>,
    ) {
        // A limit that no count reaches keeps the loop free of a branch on its absence.
        let limit = channel.limit_count.unwrap_or(f64::INFINITY);
        let possible = channel.converter_limit.unwrap_or(f64::INFINITY);
        for (value, count) in self.values[run.clone()].iter_mut().zip(counts) {
            let count = count.into();
            let physical = channel.scale.apply(count);
            let present = physical.is_finite();
            *value = if present { physical } else { f64::NAN };
            self.missing -= usize::from(present);
            self.at_limit += usize::from(present && count.abs() >= limit);
            self.impossible += usize::from(present && count.abs() > possible);
        }
    }

    /// Index and size of the largest absolute value; the first one of equals.
    pub(crate) fn largest(&self) -> Option<(usize, f64)> {
        let larger = |a: f64, b: f64| if b > a { b } else { a };
        let size = self.values.iter().map(|value| value.abs()).fold(-1.0, larger);
        let index = self.values.iter().position(|value| value.abs() == size)?;
        Some((index, size))
    }

    /// What must be said beside every number that was computed from this trace.
    ///
    /// What says most about the number goes first. The counts of all stay visible in the channel's
    /// measurements.
    pub(crate) fn flag(&self) -> Option<Flag> {
        match (self.impossible, self.at_limit, self.missing) {
            (0, 0, 0) => None,
            (0, 0, _) => Some(Flag::Incomplete),
            (0, _, _) => Some(Flag::Saturated),
            _ => Some(Flag::Impossible),
        }
    }

    /// `value` of this trace's quantity in `unit`, with the trace's flag.
    pub(crate) fn reading(&self, value: f64, unit: Unit) -> Option<Reading> {
        let (flag, decimals) = (self.flag(), self.decimals.filter(|_| unit == self.unit));
        value.is_finite().then_some(Reading { value, unit, flag, decimals })
    }
}
