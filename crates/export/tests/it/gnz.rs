//! Events as GNZ, read with the crate of the format.

use crate::recordings;
use gnz::{ArrayCheck, Gnz, Value};
use wavekeep_core::{Recording, Samples};
use wavekeep_export::{ExportOptions, Target, Units, write_event};

fn written(recording: &Recording, units: Units) -> Gnz<Vec<u8>> {
    let mut bytes = Vec::new();
    write_event(recording, Target::Gnz, &ExportOptions::of(units), &mut bytes).expect("a file");
    Gnz::from_bytes(bytes).expect("a GNZ file")
}

#[test]
fn raw_counts_keep_the_integers_of_the_format() {
    let recording = recordings::blast();
    let file = written(&recording, Units::Raw);
    assert_eq!(file.keys().collect::<Vec<_>>(), ["Tran", "Vert", "Long", "MicL"]);
    for channel in &recording.channels {
        let Samples::I16(counts) = &channel.samples else { panic!("counts of 16 bits") };
        assert_eq!(file.array(&channel.name).unwrap().to_vec::<i16>().unwrap(), *counts);
    }
    assert_eq!(file.metadata().get("units").and_then(Value::as_str), Some("raw"));
}

#[test]
fn a_missing_sample_makes_floats_with_nan_and_a_list_of_gaps() {
    let recording = recordings::gapped();
    let file = written(&recording, Units::Raw);
    for channel in &recording.channels {
        let array = file.array(&channel.name).unwrap();
        if channel.gaps.is_empty() {
            assert_eq!(array.dtype().to_string(), "<i2");
            continue;
        }
        let values = array.to_vec::<f32>().unwrap();
        for (index, value) in values.iter().enumerate() {
            match channel.count(index) {
                Some(count) => assert_eq!(f64::from(*value), count),
                None => assert!(value.is_nan()),
            }
        }
    }
    let gaps = file.array("gaps").unwrap();
    assert_eq!(gaps.shape(), [4, 3]);
    assert_eq!(gaps.to_vec::<i64>().unwrap(), [0, 0, 512, 0, 2560, 768, 1, 512, 512, 1, 1536, 1]);
}

#[test]
fn counts_that_single_precision_would_round_are_doubles_when_some_are_missing() {
    let mut recording = recordings::wide();
    recording.channels[0].gaps.insert(5..6);
    let file = written(&recording, Units::Raw);
    let jump = file.array("Jump").unwrap().to_vec::<f64>().unwrap();
    assert_eq!(jump[..2], [f64::from(i32::MIN), f64::from(i32::MAX)]);
    assert!(jump[5].is_nan());
    assert_eq!(file.array("Step").unwrap().dtype().to_string(), "<i4");
    assert_eq!(file.array("Double").unwrap().dtype().to_string(), "<f8");
}

#[test]
fn physical_values_have_units_and_every_array_a_sum() {
    let file = written(&recordings::blast(), Units::Physical);
    let units = file.metadata().get("array_units").unwrap();
    assert_eq!(units.get("Vert").and_then(Value::as_str), Some("in/s"));
    assert_eq!(units.get("MicL").and_then(Value::as_str), Some("psi"));
    let checked = file.verify().unwrap();
    assert_eq!(checked.arrays.len(), 4);
    assert!(checked.arrays.iter().all(|array| matches!(array.check, ArrayCheck::Intact { .. })));
    assert_eq!(
        file.metadata().get("assumed").and_then(Value::as_list).map(<[Value]>::len),
        Some(3)
    );
}

#[test]
fn a_histogram_has_its_intervals_beside_the_peaks() {
    let file = written(&recordings::night(7), Units::Raw);
    let dtypes: Vec<_> = ["peak", "frequency", "frequency_flag", "halfperiod", "annotation"]
        .map(|what| file.array(&format!("Tran_{what}")).unwrap().dtype().to_string())
        .into();
    assert_eq!(dtypes, ["<i2", "<f4", "|u1", "<u2", "|u1"]);
    // Intervals 3 and 4 of Long are missing, and so is what is known of them.
    let half_periods = file.array("Long_halfperiod").unwrap().to_vec::<f32>().unwrap();
    assert!(half_periods[3].is_nan() && half_periods[4].is_nan() && !half_periods[5].is_nan());
    assert_eq!(file.array("gaps").unwrap().to_vec::<i64>().unwrap(), [2, 3, 2]);
}

#[test]
fn a_channel_that_is_called_like_the_gaps_is_refused() {
    let mut recording = recordings::gapped();
    recording.channels[3].name = "gaps".into();
    let error = write_event(&recording, Target::Gnz, &ExportOptions::default(), &mut Vec::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "gnz cannot hold two arrays that are both called \"gaps\": rename one of them"
    );
}
