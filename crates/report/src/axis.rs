//! From values to places on the paper, and the values that get a tick.

/// A linear axis from `from` to `to`, drawn between two places of the paper.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linear {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) start: f64,
    pub(crate) end: f64,
}

impl Linear {
    /// Place of `value`; values beyond the axis lie at its ends.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let share = (value - self.from) / (self.to - self.from);
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        self.start + share * (self.end - self.start)
    }

    pub(crate) fn holds(&self, value: f64) -> bool {
        value >= self.from && value <= self.to
    }

    /// Round values with a round distance, at most `most` of them, with the decimals they need.
    pub(crate) fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        let span = self.to - self.from;
        if !(span.is_finite() && span > 0.0) || most == 0 {
            return Vec::new();
        }
        let step = round_up(span / most as f64, &[1.0, 2.0, 5.0, 10.0]);
        let decimals = decimals_of(step);
        let first = (self.from / step).ceil();
        (0..=most)
            .map(|index| (first + index as f64) * step)
            .filter(|value| *value <= self.to + span * 1e-9)
            .map(|value| (value, printed(value, decimals)))
            .collect()
    }
}

/// A logarithmic axis from `from` to `to`, both above zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) start: f64,
    pub(crate) end: f64,
}

impl Log {
    /// Place of `value`; values beyond the axis lie at its ends.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let share = (value / self.from).ln() / (self.to / self.from).ln();
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self.start + share * (self.end - self.start)
    }

    /// 1 to 9 of every decade: those at 1, 2 and 5 with a label. Of more decades than a plot has
    /// room for, which a rate beyond all sense gives, only some begin with a tick.
    pub(crate) fn ticks(&self) -> Vec<(f64, Option<String>)> {
        const MOST_DECADES: usize = 20;
        let (first, last) = (self.from.log10().floor() as i32, self.to.log10().ceil() as i32);
        let inside = self.from * (1.0 - 1e-9)..=self.to * (1.0 + 1e-9);
        let every = last.abs_diff(first) as usize / MOST_DECADES + 1;
        let digits = if every == 1 { 9 } else { 1 };
        (first..=last)
            .step_by(every)
            .flat_map(|decade| (1..=digits).map(move |digit| (decade, digit)))
            .map(|(decade, digit)| (f64::from(digit) * 10f64.powi(decade), decade, digit))
            .filter(|(value, ..)| inside.contains(value))
            .map(|(value, decade, digit)| {
                let decimals = usize::try_from(-decade).unwrap_or(0);
                let labelled = matches!(digit, 1 | 2 | 5);
                (value, labelled.then(|| printed(value, decimals)))
            })
            .collect()
    }
}

/// A number with `decimals`: no -0, a minus as wide as a plus, and powers of ten where the digits
/// would fill the paper.
pub(crate) fn printed(value: f64, decimals: usize) -> String {
    const TOO_LONG: f64 = 1e9;
    let digits =
        if value.abs() < TOO_LONG { format!("{value:.decimals$}") } else { format!("{value:.3e}") };
    let is_zero = digits.chars().all(|character| matches!(character, '-' | '0' | '.'));
    if is_zero { digits.replace('-', "") } else { digits.replace('-', "−") }
}

/// The same without the zeros behind the last digit that says something.
pub(crate) fn trimmed(value: f64, decimals: usize) -> String {
    let digits = printed(value, decimals);
    if !digits.contains('.') || digits.contains('e') {
        return digits;
    }
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The smallest of `steps` × 10ⁿ that is at least `value`, which must be above zero.
pub(crate) fn round_up(value: f64, steps: &[f64]) -> f64 {
    let magnitude = 10f64.powf(value.log10().floor());
    let rounded =
        steps.iter().map(|step| step * magnitude).find(|step| *step >= value * (1.0 - 1e-9));
    rounded.unwrap_or(magnitude * 10.0)
}

/// Decimals that a multiple of `step` needs.
pub(crate) fn decimals_of(step: f64) -> usize {
    let decimals = -(step * (1.0 + 1e-9)).log10().floor();
    // More decimals than this are noise on any axis.
    if decimals.is_finite() { decimals.clamp(0.0, 9.0) as usize } else { 0 }
}

/// A round end for an axis that must hold ±`peak`: at least `floor`, and so that half of it is as
/// round.
pub(crate) fn symmetric_end(peak: f64, floor: f64) -> f64 {
    // Room for the mark on the peak.
    let peak = if peak.is_finite() { peak * 1.06 } else { 0.0 };
    round_up(peak.max(floor), &[1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_logarithmic_axis_of_hundreds_of_decades_has_few_ticks() {
        let axis = Log { from: 1.0, to: 1.5e293, start: 0.0, end: 100.0 };
        let ticks = axis.ticks();
        assert!((10..=21).contains(&ticks.len()), "{ticks:?}");
        assert_eq!(ticks[0], (1.0, Some("1".to_owned())));
        let usual = Log { to: 512.0, ..axis };
        assert_eq!(usual.ticks().len(), 9 + 9 + 5);
    }

    #[test]
    fn ticks_are_round_and_have_the_decimals_they_need() {
        let axis = Linear { from: -0.25, to: 3.0, start: 0.0, end: 100.0 };
        let labels: Vec<String> = axis.ticks(8).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]);
    }

    #[test]
    fn log_ticks_label_one_two_and_five() {
        let axis = Log { from: 0.1, to: 10.0, start: 0.0, end: 1.0 };
        let labels: Vec<String> = axis.ticks().into_iter().filter_map(|(_, label)| label).collect();
        assert_eq!(labels, ["0.1", "0.2", "0.5", "1", "2", "5", "10"]);
        assert_eq!(axis.place(1.0), 0.5);
    }

    #[test]
    fn an_axis_end_holds_the_peak_and_not_less_than_its_floor() {
        assert_eq!(symmetric_end(0.0, 0.05), 0.05);
        assert!((symmetric_end(0.172, 0.05) - 0.2).abs() < 1e-12);
        assert_eq!(symmetric_end(9.995, 0.05), 12.0);
        assert_eq!(symmetric_end(f64::NAN, 0.05), 0.05);
    }

    #[test]
    fn only_zeros_that_say_nothing_are_trimmed() {
        assert_eq!((trimmed(100.0, 0), trimmed(0.050, 3)), ("100".to_owned(), "0.05".to_owned()));
        assert_eq!((trimmed(10.0, 3), trimmed(1e10, 3)), ("10".to_owned(), "1.000e10".to_owned()));
        assert_eq!(
            (printed(-0.0001, 3), printed(-1.5, 1)),
            ("0.000".to_owned(), "−1.5".to_owned())
        );
    }

    proptest! {
        #[test]
        fn an_axis_never_leaves_its_paper(from in any::<f64>(), to in any::<f64>(), value in any::<f64>()) {
            let linear = Linear { from, to, start: 5.0, end: 10.0 };
            prop_assert!((5.0..=10.0).contains(&linear.place(value)));
            prop_assert!(linear.ticks(6).len() <= 7);
            let log = Log { from: 1.0, to: 100.0, start: 5.0, end: 10.0 };
            prop_assert!((5.0..=10.0).contains(&log.place(value)));
        }

        #[test]
        fn every_end_is_at_least_the_peak(peak in 1e-6f64..1e6) {
            prop_assert!(symmetric_end(peak, 1e-9) >= peak * (1.0 - 1e-9));
        }
    }
}
