//! The values of a channel as they travel: in in/s and psi, or as counts.

use wavekeep_core::{Channel, Quantity, Unit};

/// In what the physical values of a channel travel: in/s and psi, whatever else as it is.
pub fn travel_unit(channel: &Channel) -> Unit {
    match channel.unit().quantity() {
        Quantity::Velocity => Unit::InchPerSecond,
        Quantity::Pressure => Unit::Psi,
        _ => channel.unit(),
    }
}

/// What makes a count a value that travels. A value that is not finite does not.
fn conversion(channel: &Channel, raw: bool) -> impl Fn(f64) -> f64 + '_ {
    // Both units measure the same.
    let conversion = channel.unit().conversion(travel_unit(channel)).ok().filter(|_| !raw);
    move |count| match &conversion {
        Some(conversion) => conversion.apply(channel.scale.apply(count)),
        None => count,
    }
}

/// The values of a channel in its [`travel_unit`], or its counts; missing ones `None`.
pub fn travel_values(
    channel: &Channel,
    raw: bool,
) -> impl ExactSizeIterator<Item = Option<f64>> + '_ {
    let convert = conversion(channel, raw);
    channel.counts().map(move |count| Some(convert(count?)).filter(|value| value.is_finite()))
}

/// As [`travel_values`], without gaps: `None` where a value is missing.
pub fn whole_travel_values(channel: &Channel, raw: bool) -> Option<Vec<f64>> {
    if !channel.gaps.is_empty() {
        return None;
    }
    let mut values = channel.samples.to_f64();
    let convert = conversion(channel, raw);
    values.iter_mut().for_each(|value| *value = convert(*value));
    values.iter().all(|value| value.is_finite()).then_some(values)
}
