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

/// The values of a channel in its [`travel_unit`], or its counts; missing ones `None`.
pub fn travel_values(
    channel: &Channel,
    raw: bool,
) -> impl ExactSizeIterator<Item = Option<f64>> + '_ {
    let (from, to) = (channel.unit(), travel_unit(channel));
    channel.counts().map(move |count| {
        let value = match raw {
            true => count?,
            false => from.convert(channel.scale.apply(count?), to).ok()?,
        };
        Some(value).filter(|value| value.is_finite())
    })
}
