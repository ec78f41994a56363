//! Tables in the units that were asked for.

use crate::recordings;
use wavekeep_core::{Recording, Unit};
use wavekeep_export::{ExportOptions, Target, write_event};

const MM_PER_INCH: f64 = 25.4;
const PA_PER_PSI: f64 = 6_894.757_293_168;

/// Headings and rows of a CSV.
fn table(recording: &Recording, options: ExportOptions) -> (Vec<String>, Vec<Vec<String>>) {
    let mut csv = Vec::new();
    write_event(recording, Target::Csv, &options, &mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    let mut lines =
        csv.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<String>>());
    (lines.next().unwrap(), lines.collect())
}

fn asked(velocity: Unit, pressure: Unit) -> ExportOptions {
    ExportOptions::default().with_velocity(Some(velocity)).with_pressure(Some(pressure))
}

/// The factor between two headings of the same column.
fn factor(from: &str, to: &str) -> f64 {
    let unit =
        |heading: &str| heading.split_once(" (").map_or(String::new(), |(_, unit)| unit.to_owned());
    match (unit(from).as_str(), unit(to).as_str()) {
        ("in/s)", "mm/s)") => MM_PER_INCH,
        ("psi)", "Pa)") => PA_PER_PSI,
        (a, b) if a == b => 1.0,
        (a, b) => panic!("{from} and {to}: {a:?} is not converted to {b:?}"),
    }
}

#[test]
fn values_in_other_units_are_the_same_values() {
    for recording in [recordings::blast(), recordings::night(40)] {
        let (names, rows) = table(&recording, asked(Unit::InchPerSecond, Unit::Psi));
        let (metric_names, metric) =
            table(&recording, asked(Unit::MillimetrePerSecond, Unit::Pascal));
        assert!(names.iter().any(|name| name.ends_with("(in/s)")), "{names:?}");
        assert!(!metric_names.iter().any(|name| name.contains("in/s") || name.contains("psi")));
        assert_eq!(rows.len(), metric.len());
        for (row, metric) in rows.iter().zip(&metric) {
            for (column, (value, converted)) in row.iter().zip(metric).enumerate() {
                let by = factor(&names[column], &metric_names[column]);
                match (value.parse::<f64>(), converted.parse::<f64>()) {
                    (Ok(value), Ok(converted)) => {
                        let error = (value * by - converted).abs();
                        assert!(error <= 1e-9 * converted.abs(), "{value} and {converted}");
                    }
                    _ => assert_eq!(value, converted),
                }
            }
        }
    }
}

#[test]
fn levels_are_for_peaks_and_pressures_for_what_has_a_sign() {
    let headings = |recording, velocity| table(&recording, asked(velocity, Unit::DecibelLinear)).0;
    let has = |names: &[String], wanted: &str| names.iter().any(|name| name.ends_with(wanted));
    assert!(has(&headings(recordings::blast(), Unit::InchPerSecond), "(psi)"));
    assert!(has(&headings(recordings::blast(), Unit::MillimetrePerSecond), "(Pa)"));
    assert!(has(&headings(recordings::night(40), Unit::InchPerSecond), "(dB(L))"));
}

#[test]
fn a_unit_of_another_quantity_changes_nothing() {
    let plain = table(&recordings::blast(), ExportOptions::default());
    let odd = ExportOptions::default()
        .with_velocity(Some(Unit::Pascal))
        .with_pressure(Some(Unit::Millimetre));
    assert_eq!(table(&recordings::blast(), odd), plain);
}

#[test]
fn units_hold_for_arrays_when_that_is_asked_for_and_only_then() {
    let units = |recording: &Recording, options: ExportOptions| {
        let mut bytes = Vec::new();
        write_event(recording, Target::Gnz, &options, &mut bytes).unwrap();
        let file = gnz::Gnz::from_bytes(bytes).unwrap();
        file.metadata().get("array_units").unwrap().to_string()
    };
    let wanted = asked(Unit::MillimetrePerSecond, Unit::DecibelLinear);
    let in_arrays = wanted.with_in_arrays(true);
    for recording in [recordings::blast(), recordings::night(40)] {
        let plain = units(&recording, wanted);
        assert!(plain.contains("in/s") && plain.contains("psi"), "{plain}");
        let other = units(&recording, in_arrays);
        assert!(other.contains("mm/s") && other.contains("dB(L)"), "{other}");
        assert!(!other.contains("in/s") && !other.contains("psi"), "{other}");
    }
}
