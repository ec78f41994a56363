//! Records that are read back by another decoder.

use crate::recordings;
use miniseed_rs::{MseedReader, Samples as Read};
use proptest::prelude::*;
use wavekeep_core::{Channel, Samples, TimeAxis};
use wavekeep_export::{ExportOptions, Target, Units, write_event};

proptest! {
    #[test]
    fn counts_come_back_whatever_they_jump(
        counts in proptest::collection::vec(
            prop_oneof![any::<i32>(), -40..40i32, -600_000_000..600_000_000i32], 1..300,
        ),
        gaps in proptest::collection::vec((0usize..300, 0usize..40), 0..5),
    ) {
        let mut channel = Channel::new("x", Samples::I32(counts));
        for (first, count) in gaps {
            channel.gaps.insert(first..first + count);
        }
        let expected: Vec<i32> =
            channel.counts().flatten().map(|count| count as i32).collect();
        let recording = recordings::waveform(vec![channel]);
        let options = ExportOptions::of(Units::Raw);
        for target in [Target::MiniSeed, Target::MiniSeed3] {
            let mut bytes = Vec::new();
            let outcome = write_event(&recording, target, &options, &mut bytes);
            prop_assert_eq!(outcome.is_ok(), !expected.is_empty());
            prop_assert_eq!(integers(&bytes), expected.clone());
        }
    }
}

fn integers(bytes: &[u8]) -> Vec<i32> {
    let records = MseedReader::new(bytes).map(|record| record.expect("our own record").samples);
    let all = records.map(|samples| match samples {
        Read::Int(samples) => samples,
        other => panic!("{other:?}"),
    });
    all.flatten().collect()
}

#[test]
fn records_of_version_2_are_full_and_their_numbers_and_times_go_on() {
    // Small steps first, then steps that take a word each, then none that Steim2 can hold.
    let counts: Vec<i32> = (0..60_000)
        .map(|n| match n {
            0..20_000 => n % 5,
            20_000..40_000 => (n % 2) * 100_000_000,
            _ => {
                if n % 2 == 0 {
                    i32::MIN
                } else {
                    i32::MAX
                }
            }
        })
        .collect();
    let recording = recordings::waveform(vec![Channel::new("x", Samples::I32(counts.clone()))]);
    let mut bytes = Vec::new();
    write_event(&recording, Target::MiniSeed, &ExportOptions::of(Units::Raw), &mut bytes).unwrap();
    assert_eq!(integers(&bytes), counts);
    assert_eq!(bytes.len() % 4096, 0);
    let records: Vec<_> = MseedReader::new(&bytes).map(|record| record.unwrap()).collect();
    // 20,000 of seven in a word, 20,000 of one, 20,000 of 32 bits.
    assert!((45..=60).contains(&records.len()), "{}", records.len());
    for (number, record) in records.iter().enumerate() {
        assert_eq!(record.sequence_number, format!("{:06}", number + 1));
        assert_eq!((record.network.as_str(), record.station.as_str()), ("XX", "1SJPL"));
    }
}

#[test]
fn a_rate_that_version_2_cannot_hold_is_refused_and_version_3_takes_it() {
    let mut recording = recordings::blast();
    let TimeAxis::Samples { rate_hz, .. } = &mut recording.time else { unreachable!("a waveform") };
    rate_hz.value = 100_000.125;
    let write =
        |target| write_event(&recording, target, &ExportOptions::default(), &mut Vec::new());
    let error = write(Target::MiniSeed).unwrap_err().to_string();
    assert!(error.contains("a rate") && error.contains("miniseed3"), "{error}");
    assert!(write(Target::MiniSeed3).is_ok());
}
