//! Scaled distance, distance and charge of the blast: `4536.9 (1434.7 m, 0.1 kg)`, `1434.7 m`.

use wavekeep_core::{BlastStatement, Note, NoteKind, Quantity, Reading, Unit};

use crate::number::{DecimalMark, NoValue, PrintedNumber, Token, is_not_available};
use crate::printed::{Printed, UnitText};

/// How far a printed scaled distance may be from the one of the printed distance and charge, beside what
/// printing them costs.
const SHARE: f64 = 0.01;
/// How far two printed distances may be apart: position by satellite against a plan.
const DISTANCE_SHARE: f64 = 0.1;

/// A scaled distance as it is printed, with the distance and the charge that it is of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScaledDistance {
    value: Option<PrintedNumber>,
    distance: Option<Reading>,
    charge: Option<Reading>,
}

impl ScaledDistance {
    /// Reads `4536.9 (1434.7 m, 0.1 kg)`, or the number alone.
    pub(crate) fn parse(text: &str, mark: Option<DecimalMark>) -> Result<Self, NoValue> {
        let (value, rest) = match text.split_once('(') {
            Some((value, rest)) => (value, Some(rest)),
            None => (text, None),
        };
        let value = match is_not_available(value) {
            true => None,
            false => match Printed::parse(value, mark)? {
                Printed::Number { value, decimals, flag: None, unit } if unit.is_empty() => {
                    Some(PrintedNumber { value, decimals })
                }
                _ => return Err(NoValue::NotUnderstood),
            },
        };
        let mut found = Self { value, distance: None, charge: None };
        let Some(rest) = rest else { return Ok(found) };
        let mut rest = rest.trim_end().strip_suffix(')').ok_or(NoValue::NotUnderstood)?;
        while !is_not_available(rest) {
            // A comma can be in a number: what separates stands behind a unit.
            let (token, behind) = Token::take(rest).ok_or(NoValue::NotUnderstood)?;
            let (unit, further) = behind.split_once([',', ';']).unwrap_or((behind, ""));
            let PrintedNumber { value, decimals } = token.value(mark)?;
            let unit = UnitText(unit).unit().ok_or(NoValue::NotUnderstood)?;
            let place = match unit.quantity() {
                Quantity::Length => &mut found.distance,
                Quantity::Mass => &mut found.charge,
                _ => return Err(NoValue::NotUnderstood),
            };
            if place.replace(Reading::new(value, unit).with_decimals(decimals)).is_some() {
                return Err(NoValue::NotUnderstood);
            }
            rest = further;
        }
        Ok(found)
    }

    /// The scaled distances that the printed distance and charge stand for: each is half of its last digit
    /// off at the most.
    fn computed(&self) -> Option<(f64, f64)> {
        let bounds = |reading: Reading| {
            let half = 0.5 * 10f64.powi(-i32::from(reading.decimals.unwrap_or(0)));
            ((reading.value - half).max(0.0), reading.value + half)
        };
        let is_entered = |reading: &Reading| reading.value > 0.0;
        let (near, far) = bounds(self.distance.filter(is_entered)?);
        let (light, heavy) = bounds(self.charge.filter(is_entered)?);
        Some((near / heavy.sqrt(), far / light.sqrt()))
    }
}

/// A distance with its unit. Nothing says the unit of one that has none.
pub(crate) fn distance(printed: Printed<'_>) -> Result<Reading, NoValue> {
    match printed {
        Printed::Number { unit, flag: None, .. } if !unit.is_empty() => {
            printed.reading(Unit::Metre, None)
        }
        _ => Err(NoValue::NotUnderstood),
    }
}

/// What the fields come to; `None` where there are none.
pub(crate) fn statement(
    scaled: Option<ScaledDistance>,
    gps_distance: Option<Reading>,
) -> Option<BlastStatement> {
    let mut said = BlastStatement::default();
    said.scaled_distance = scaled.and_then(|of| of.value).map(|of| of.value);
    said.distance = scaled.and_then(|of| of.distance);
    said.charge = scaled.and_then(|of| of.charge);
    said.gps_distance = gps_distance;
    (said != BlastStatement::default()).then_some(said)
}

/// Where the fields contradict each other. No measurement depends on them: the samples may be right.
pub(crate) fn contradictions(
    scaled: Option<ScaledDistance>,
    gps_distance: Option<Reading>,
) -> Vec<Note> {
    let mut found = Vec::new();
    let Some(scaled) = scaled else { return found };
    let mut note = |code, message| {
        found.push(Note::new(NoteKind::Disagreement, code, message));
    };
    if let (Some(value), Some((least, most)), Some(distance), Some(charge)) =
        (scaled.value, scaled.computed(), scaled.distance, scaled.charge)
    {
        let half = 0.5 * 10f64.powi(-i32::from(value.decimals));
        let says = value.value;
        if says + half < least * (1.0 - SHARE) || says - half > most * (1.0 + SHARE) {
            let gives = distance.value / charge.value.sqrt();
            let message = format!(
                "the report states a scaled distance of {says}: {distance} and {charge} give {gives:.1}"
            );
            note("scaled_distance", message);
        }
    }
    if let (Some(distance), Some(gps)) = (scaled.distance, gps_distance)
        && let Ok(same) = gps.to(distance.unit)
        && distance.value > 0.0
        && same.value > 0.0
        && (distance.value / same.value).ln().abs() > DISTANCE_SHARE.ln_1p()
    {
        let message = format!(
            "the report states a distance of {distance}, and one by satellite of {gps}: the first one was taken"
        );
        note("blast_distance", message);
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POINT: Option<DecimalMark> = Some(DecimalMark::Point);

    fn codes(text: &str, gps: Option<&str>) -> Vec<&'static str> {
        let scaled = ScaledDistance::parse(text, POINT).ok();
        let gps = gps.map(|text| distance(Printed::parse(text, POINT).unwrap()).unwrap());
        contradictions(scaled, gps).into_iter().map(|note| note.code).collect()
    }

    #[test]
    fn a_scaled_distance_brings_its_distance_and_its_charge() {
        let said = |text, mark| statement(ScaledDistance::parse(text, mark).ok(), None);
        let point = said("4536.9 (1434.7 m, 0.1 kg)", POINT).unwrap();
        assert_eq!(point.scaled_distance, Some(4536.9));
        assert_eq!(point.distance, Some(Reading::new(1434.7, Unit::Metre)));
        assert_eq!(point.charge, Some(Reading::new(0.1, Unit::Kilogram)));
        assert_eq!(said("4536,9 (1434,7 m, 0,1 kg)", Some(DecimalMark::Comma)), Some(point));
        let feet = said("45.0 (450 ft; 100 lbs)", POINT).unwrap();
        assert_eq!(feet.distance, Some(Reading::new(450.0, Unit::Foot)));
        assert_eq!(feet.charge, Some(Reading::new(100.0, Unit::Pound)));
        assert_eq!(said("22.5", POINT).unwrap().scaled_distance, Some(22.5));
        assert_eq!(said("N/A (N/A)", POINT), None);
    }

    #[test]
    fn what_has_another_form_is_not_understood() {
        for text in [
            "near",
            "12 (3 m",
            "12 (3 m, 4 m)",
            "12 (3, 4)",
            "12 (3 Hz)",
            "12 ft",
            "<12 (3 m)",
            "12 (x)",
        ] {
            assert_eq!(ScaledDistance::parse(text, POINT), Err(NoValue::NotUnderstood), "{text}");
        }
        for text in ["120", "120 Hz", "<120 m"] {
            let printed = Printed::parse(text, POINT).unwrap();
            assert_eq!(distance(printed), Err(NoValue::NotUnderstood), "{text}");
        }
    }

    #[test]
    fn what_printing_costs_is_no_contradiction() {
        let none: [&str; 0] = [];
        assert_eq!(codes("4536.9 (1434.7 m, 0.1 kg)", Some("1434.7 m")), none);
        // 0.1 kg may be anything from 0.05 to 0.15 kg.
        assert_eq!(codes("5800.0 (1434.7 m, 0.1 kg)", None), none);
        assert_eq!(codes("0.0 (0.0 m, 0.0 kg)", Some("0.0 m")), none);
        assert_eq!(codes("45.0 (450 ft, 100 lb)", Some("137 m")), none);
    }

    #[test]
    fn fields_that_cannot_all_be_right_are_noted() {
        assert_eq!(codes("9000.0 (1434.7 m, 0.1 kg)", None), ["scaled_distance"]);
        assert_eq!(codes("32.0 (320.0 m, 10.0 kg)", None), ["scaled_distance"]);
        assert_eq!(codes("32.0 (320.0 m, 100.0 kg)", Some("900.0 ft")), ["blast_distance"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not_understood(text in "\\PC{0,40}|[0-9.,(]{1,8} ?\\([0-9.,]{1,12} (m|ft|kg|lb), [0-9.,-]{1,9} (m|kg|lb)\\)") {
            let scaled = ScaledDistance::parse(&text, None).ok();
            for note in contradictions(scaled, Some(Reading::new(1.0, Unit::Metre))) {
                prop_assert!(!note.message.contains("NaN"));
            }
        }
    }
}
