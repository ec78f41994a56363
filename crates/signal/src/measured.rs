//! A quantity as it was computed and from the vendor's report.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Where a value that is shown came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The vendor's report states it.
    Stated,
    /// It was computed from the samples.
    Computed,
}

/// One quantity, from both of its sources.
///
/// What the vendor's report states wins wherever one value is shown, and both stay available. As
/// JSON: `{"value": …, "origin": "stated", "computed": …, "stated": …}`, where `value` is the one
/// that wins and an absent source is absent.
///
/// ```
/// use wavekeep_signal::{Measured, Origin};
///
/// let mut time_s = Measured::computed(0.2119);
/// time_s.stated = Some(0.212);
/// assert_eq!(time_s.shown(), Some((0.212, Origin::Stated)));
/// assert_eq!(Measured::computed(0.2119).shown(), Some((0.2119, Origin::Computed)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Measured<T> {
    /// Computed from the samples.
    pub computed: Option<T>,
    /// Stated by the vendor's report.
    pub stated: Option<T>,
}

impl<T> Default for Measured<T> {
    fn default() -> Self {
        Self { computed: None, stated: None }
    }
}

impl<T: Copy> Measured<T> {
    /// A quantity that only the samples tell.
    pub const fn computed(value: T) -> Self {
        Self { computed: Some(value), stated: None }
    }

    /// The value to show, and where it came from: what is stated wins.
    pub fn shown(&self) -> Option<(T, Origin)> {
        match (self.stated, self.computed) {
            (Some(stated), _) => Some((stated, Origin::Stated)),
            (None, Some(computed)) => Some((computed, Origin::Computed)),
            (None, None) => None,
        }
    }

    /// The value to show.
    pub fn value(&self) -> Option<T> {
        self.stated.or(self.computed)
    }

    /// The same quantity with both of its values put through `f`; a value for which `f` gives
    /// `None` is dropped.
    pub fn and_then<U>(self, f: impl Fn(T) -> Option<U>) -> Measured<U> {
        Measured { computed: self.computed.and_then(&f), stated: self.stated.and_then(&f) }
    }
}

impl<T: Copy + Serialize> Serialize for Measured<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = [self.computed.is_some(), self.stated.is_some()];
        let present = fields.iter().filter(|present| **present).count();
        let mut out = serializer.serialize_struct("Measured", 2 + present)?;
        out.serialize_field("value", &self.value())?;
        out.serialize_field("origin", &self.shown().map(|(_, origin)| origin))?;
        if let Some(computed) = &self.computed {
            out.serialize_field("computed", computed)?;
        }
        if let Some(stated) = &self.stated {
            out.serialize_field("stated", stated)?;
        }
        out.end()
    }
}

#[cfg(test)]
mod tests {
    use wavekeep_core::{Flag, Reading, Unit};

    use super::*;

    #[test]
    fn json_shows_the_winner_and_keeps_both() {
        let ppv = Measured {
            computed: Some(Reading::new(9.995, Unit::InchPerSecond)),
            stated: Some(Reading::new(10.0, Unit::InchPerSecond).flagged(Flag::Saturated)),
        };
        assert_eq!(
            serde_json::to_value(ppv).unwrap(),
            serde_json::json!({
                "value": {"value": 10.0, "unit": "in/s", "flag": "saturated"},
                "origin": "stated",
                "computed": {"value": 9.995, "unit": "in/s"},
                "stated": {"value": 10.0, "unit": "in/s", "flag": "saturated"},
            })
        );
        assert_eq!(
            serde_json::to_value(Measured::<f64>::default()).unwrap(),
            serde_json::json!({"value": null, "origin": null})
        );
    }
}
