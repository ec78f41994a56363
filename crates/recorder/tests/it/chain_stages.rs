//! Stages one by one: the emulator's shapes, what resets, what is refused.

use proptest::prelude::*;
use wavekeep_recorder::chain::{
    Chain, ChainConfig, ChainError, Downsample, DownsamplerConfig, Emulator, EmulatorConfig,
    Filter, FilterConfig, FrameSource, FrameStatistics, SampleWidth, Shape, Unwrapper,
};
use wavekeep_recorder::writer::Frame;
use wavekeep_smurf::header::{FrameHeader, HEADER_LEN};

fn emulator(shape: Shape, amplitude: u32, offset: i32, period: u64) -> EmulatorConfig {
    EmulatorConfig::for_input()
        .with_enabled(true)
        .with_shape(shape)
        .with_amplitude(amplitude)
        .with_offset(offset)
        .with_period(period)
        .with_seed(5)
}

/// The first value of each of the first frames.
fn first_values(width: SampleWidth, config: EmulatorConfig, frames: usize) -> Vec<i32> {
    let mut emulator = Emulator::new(width, config).unwrap();
    let mut samples = [1234; 3];
    (0..frames)
        .map(|_| {
            assert!(emulator.run(&mut samples));
            assert!(samples.iter().all(|sample| *sample == samples[0]));
            samples[0]
        })
        .collect()
}

#[test]
fn shapes_that_all_channels_share() {
    let values = |shape, period, frames| {
        first_values(SampleWidth::I16, emulator(shape, 100, 10, period), frames)
    };
    assert_eq!(values(Shape::Zeros, 2, 3), [0, 0, 0]);
    assert_eq!(values(Shape::Square, 5, 6), [-90, -90, 110, 110, 110, -90]);
    assert_eq!(values(Shape::Sawtooth, 4, 5), [10, 43, 76, 110, 10]);
    assert_eq!(values(Shape::Triangle, 4, 5), [110, 10, -90, 10, 110]);
    // 2/3 of the way down: -56.67 with the offset, truncated toward zero.
    assert_eq!(values(Shape::Triangle, 6, 4), [110, 43, -23, -90]);
    assert_eq!(values(Shape::Sine, 4, 5), [110, 10, -90, 9, 110]);
}

#[test]
fn each_channel_has_its_own_number() {
    for (width, channel_70_000) in [(SampleWidth::I16, 70_000 - 65_536), (SampleWidth::I32, 70_000)]
    {
        let config = emulator(Shape::ChannelNumber, 1, 0, 2);
        let mut samples = vec![0; 70_001];
        Emulator::new(width, config).unwrap().run(&mut samples);
        assert_eq!((samples[0], samples[4095], samples[70_000]), (0, 4095, channel_70_000));
    }
}

#[test]
fn random_samples_fill_their_range_evenly_and_come_again_with_the_seed() {
    let config = emulator(Shape::Random, 3, 1, 2);
    let mut emulator = Emulator::new(SampleWidth::I16, config).unwrap();
    let mut samples = vec![0; 70_000];
    emulator.run(&mut samples);
    let counts = (-2..=4).map(|value| samples.iter().filter(|it| **it == value).count());
    for count in counts {
        assert!((9_500..10_500).contains(&count), "{count} of 10000");
    }
    let mut again = vec![0; 70_000];
    Emulator::new(SampleWidth::I16, config).unwrap().run(&mut again);
    assert_eq!(samples, again);
}

#[test]
fn every_period_one_frame_is_dropped_and_the_others_are_untouched() {
    let mut source = FrameSource::new(4);
    let mut chain = Chain::new(
        ChainConfig::default()
            .with_input_emulator(emulator(Shape::DropFrame, 1, 0, 3))
            .with_downsampler(
                wavekeep_recorder::chain::DownsamplerConfig::default()
                    .with_enabled(false)
                    .with_mode(Downsample::External { mask: 0 }),
            ),
    )
    .unwrap();
    let passed: Vec<u32> = (0..9)
        .filter_map(|_| {
            let payload = chain.process(source.next_frame(), None).unwrap()?;
            Some(FrameHeader::parse(payload).unwrap().frame_counter)
        })
        .collect();
    assert_eq!(passed, [0, 1, 3, 4, 6, 7]);
    // The last one is missing too, but nothing has come after it.
    assert_eq!(chain.statistics().lost, 2);
}

#[test]
fn an_emulator_behind_the_chain_fills_what_is_passed() {
    let mut source = FrameSource::new(4);
    let mut chain = Chain::new(ChainConfig::default().with_output_emulator(emulator(
        Shape::Square,
        1_000_000,
        5,
        2,
    )))
    .unwrap();
    let mut values = Vec::new();
    for _ in 0..60 {
        if let Some(payload) = chain.process(source.next_frame(), None).unwrap() {
            values.push(i32::from_le_bytes(payload[HEADER_LEN..][..4].try_into().unwrap()));
        }
    }
    assert_eq!(values, [-999_995, 1_000_005, -999_995]);
}

#[test]
fn frames_that_passed_are_counted_with_the_downsampler_on_and_off() {
    let mut source = FrameSource::new(4);
    // The emulator behind the chain drops a frame each period.
    let off = ChainConfig::default()
        .with_downsampler(DownsamplerConfig::default().with_enabled(false))
        .with_output_emulator(emulator(Shape::DropFrame, 1, 0, 5));
    let mut chain = Chain::new(off.clone()).unwrap();
    let mut passed = |chain: &mut Chain, frames: usize| {
        (0..frames).filter(|_| chain.process(source.next_frame(), None).unwrap().is_some()).count()
    };
    assert_eq!(passed(&mut chain, 20), 16);
    assert_eq!(chain.passed(), 16);

    let mode = Downsample::Internal { factor: 10 };
    let downsampler = DownsamplerConfig::default().with_enabled(true).with_mode(mode);
    let on = off.with_downsampler(downsampler).with_output_emulator(EmulatorConfig::for_output());
    chain.configure(on).unwrap();
    assert_eq!(passed(&mut chain, 20), 2);
    assert_eq!(chain.passed(), 18);

    let mut bad = source.next_frame();
    bad.error = 1;
    assert_eq!(chain.process(bad, None).unwrap(), None);
    assert_eq!(chain.passed(), 18);
    chain.clear_statistics();
    assert_eq!(chain.passed(), 0);
}

#[test]
fn settings_out_of_range_are_refused_and_nothing_changes() {
    let refused = |change: fn(&mut ChainConfig)| {
        let mut chain = Chain::new(ChainConfig::default()).unwrap();
        let mut config = ChainConfig::default().with_unwrap(false);
        change(&mut config);
        let error = chain.configure(config.clone()).unwrap_err();
        assert_eq!(Chain::new(config).unwrap_err(), error);
        assert_eq!(*chain.config(), ChainConfig::default());
        error.to_string()
    };
    assert_eq!(
        refused(|config| config.downsampler.mode = Downsample::Internal { factor: 0 }),
        "downsampler factor cannot be 0: expected 1 or more"
    );
    assert_eq!(
        refused(|config| config.input_emulator.period = 1),
        "emulator period cannot be 1: expected 2 frames or more"
    );
    assert!(refused(|config| config.input_emulator.amplitude = 65_536).contains("1 to 65535"));
    assert!(refused(|config| config.output_emulator.amplitude = 0).contains("1 to 4294967295"));
    assert!(refused(|config| config.input_emulator.offset = -32_769).contains("-32768"));
    assert!(refused(|config| config.filter.order = 1025).contains("0 to 1024"));
}

#[test]
fn a_mask_past_the_input_is_an_error_and_the_frame_leaves_no_trace() {
    let mut config = ChainConfig::default();
    config.mapper.mask = Some(vec![0, 3, 4, 9]);
    let mut chain = Chain::new(config).unwrap();
    let error = chain.process(FrameSource::new(4).next_frame(), None).unwrap_err();
    assert_eq!(error, ChainError::MaskPastInput { position: 2, index: 4, channels: 4 });
    assert!(error.to_string().contains("4 channels (0 to 3)"), "{error}");
    assert!(chain.process(FrameSource::new(10).next_frame(), None).unwrap().is_none());
}

#[test]
fn a_change_of_gain_keeps_the_state_and_any_other_change_does_not() {
    let step = |filter: &mut Filter| {
        let mut sample = [1000];
        filter.run(&mut sample, true);
        sample[0]
    };
    let config = FilterConfig::default().with_order(1).with_a(vec![1.0, -1.0]).with_b(vec![1.0]);
    let mut filter = Filter::new(config.clone()).unwrap();
    assert_eq!((step(&mut filter), step(&mut filter)), (1000, 2000));
    filter.configure(&config.clone().with_gain(-0.5)).unwrap();
    assert_eq!(step(&mut filter), -1500);
    filter.configure(&config.with_order(2)).unwrap();
    assert_eq!(step(&mut filter), 1000);
    filter.reset();
    assert_eq!(step(&mut filter), 1000);
}

#[test]
fn a_mask_of_another_length_resets_and_one_of_the_same_length_does_not() {
    let with_mask = |mask: &[u32]| {
        let mut config = ChainConfig::default();
        config.mapper.mask = Some(mask.to_vec());
        config.filter.enabled = false;
        config.downsampler.enabled = false;
        config
    };
    let mut chain = Chain::new(with_mask(&[0])).unwrap();
    let mut next = |masks: &[&[u32]], raw: i16| {
        for mask in masks {
            chain.configure(with_mask(mask)).unwrap();
        }
        let mut payload = FrameSource::new(2).next_frame().payload.to_vec();
        payload[HEADER_LEN..][..2].copy_from_slice(&raw.to_le_bytes());
        payload[HEADER_LEN + 2..].copy_from_slice(&raw.to_le_bytes());
        let output = chain.process(Frame::data(&payload), None).unwrap().unwrap();
        i32::from_le_bytes(output[HEADER_LEN..][..4].try_into().unwrap())
    };
    assert_eq!(next(&[], 30_000), 30_000);
    assert_eq!(next(&[&[1]], -30_000), 35_536);
    // There and back again without a frame between.
    assert_eq!(next(&[&[0, 1], &[1]], -29_000), -29_000);
}

#[test]
fn an_output_that_int32_cannot_hold_is_its_smallest_value() {
    let config = FilterConfig::default()
        .with_order(0)
        .with_a(vec![0.0, 7.0])
        .with_b(vec![1.0])
        .with_gain(1e9);
    let mut filter = Filter::new(config).unwrap();
    let mut samples = [2, -2, 3, -3];
    filter.run(&mut samples, true);
    assert_eq!(samples, [2_000_000_000, -2_000_000_000, i32::MIN, i32::MIN]);
}

#[test]
fn turns_are_counted_until_the_offset_itself_wraps() {
    let mut unwrapper = Unwrapper::new(true);
    let next = |unwrapper: &mut Unwrapper, raw: i32| {
        let mut sample = [raw];
        unwrapper.run(&mut sample);
        sample[0]
    };
    for turn in 0..40_000i64 {
        for raw in [-30_000, 0, 30_000] {
            let expected = (i64::from(raw) + 65_536 * turn) as i32;
            assert_eq!(next(&mut unwrapper, raw), expected);
        }
    }
    unwrapper.set_enabled(false);
    assert_eq!(next(&mut unwrapper, 30_000), 30_000);
    unwrapper.set_enabled(true);
    assert_eq!(next(&mut unwrapper, -30_000), -30_000);
}

#[test]
fn settings_travel_as_json_and_what_is_missing_has_its_default() {
    let config: ChainConfig =
        serde_json::from_str(r#"{"mapper": {"mask": [1, 2]}, "filter": {"gain": 2.0}}"#).unwrap();
    assert_eq!(config.mapper.mask.as_deref(), Some(&[1, 2][..]));
    assert_eq!(config.filter, FilterConfig::default().with_gain(2.0));
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<ChainConfig>(&text).unwrap(), config);
    assert!(serde_json::from_str::<ChainConfig>(r#"{"filtre": {}}"#).is_err());
}

#[test]
fn a_cleared_count_still_knows_the_last_frame() {
    let mut statistics = FrameStatistics::default();
    assert!(statistics.accept(5));
    statistics.clear();
    assert!(!statistics.accept(4));
    assert!(statistics.accept(9));
    assert_eq!((statistics.frames, statistics.lost, statistics.out_of_order), (2, 4, 1));
}

#[test]
fn a_repeated_frame_counter_is_neither_lost_nor_out_of_order() {
    let mut statistics = FrameStatistics::default();
    assert!(statistics.accept(7) && statistics.accept(7));
    assert_eq!((statistics.frames, statistics.lost, statistics.out_of_order), (2, 0, 0));
}

/// The page's formulas in the widest arithmetic at hand.
fn by_the_page(shape: Shape, frame: u64, a: i64, o: i64, period: u64) -> i64 {
    let (c, h, p) = ((frame % period) as i64, (period / 2) as i64, period as i64);
    match shape {
        Shape::Square if c < h => -a + o,
        Shape::Square => a + o,
        Shape::Sawtooth => o + c * a / (p - 1),
        Shape::Triangle => ((c - h).abs() * 2 * a + (o - a) * h) / h,
        _ => {
            let n = (frame + 1) as f64;
            let angle = 2.0 * std::f64::consts::PI * n / period as f64;
            (a as f64 * angle.sin() + o as f64).trunc() as i64
        }
    }
}

proptest! {
    #[test]
    fn shapes_are_what_the_page_says(
        shape in prop::sample::select(vec![
            Shape::Square, Shape::Sawtooth, Shape::Triangle, Shape::Sine
        ]),
        wide in any::<bool>(),
        amplitude in 1u32..16_000, offset in -16_000i32..16_000, period in 2u64..500,
    ) {
        let width = if wide { SampleWidth::I32 } else { SampleWidth::I16 };
        let frames = period as usize * 2 + 3;
        let config = emulator(shape, amplitude, offset, period);
        let expected: Vec<i64> = (0..frames as u64)
            .map(|frame| by_the_page(shape, frame, amplitude.into(), offset.into(), period))
            .collect();
        let found = first_values(width, config, frames);
        // What is over the top of 16 bits wraps around.
        let wrapped = |value: i64| if wide { value as i32 } else { i32::from(value as i16) };
        prop_assert_eq!(found, expected.into_iter().map(wrapped).collect::<Vec<_>>());
    }
}

#[test]
fn frames_that_their_sender_marked_are_dropped() {
    let mut source = FrameSource::new(2);
    let mut chain = Chain::new(ChainConfig::default()).unwrap();
    for (flags, error) in [(0x100, 0), (0, 1)] {
        let frame = Frame { flags, error, ..source.next_frame() };
        assert!(chain.process(frame, None).unwrap().is_none());
    }
    assert_eq!((chain.statistics().bad, chain.statistics().frames), (2, 0));
}
