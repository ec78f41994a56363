//! Records that are read back by another decoder.

use crate::recordings;
use miniseed_rs::{MseedReader, Samples as Read};
use proptest::prelude::*;
use wavekeep_core::{Channel, Samples};
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
        let mut bytes = Vec::new();
        let options = ExportOptions::of(Units::Raw);
        let outcome = write_event(&recording, Target::MiniSeed, &options, &mut bytes);
        prop_assert_eq!(outcome.is_ok(), !expected.is_empty());

        let mut found = Vec::new();
        for record in MseedReader::new(&bytes) {
            match record.unwrap().samples {
                Read::Int(samples) => found.extend(samples),
                other => prop_assert!(false, "{other:?}"),
            }
        }
        prop_assert_eq!(found, expected);
    }
}
