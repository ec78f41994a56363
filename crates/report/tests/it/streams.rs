//! Drawings of streams: traces of channels, and all channels over time.

use std::convert::Infallible;

use proptest::prelude::*;
use resvg::usvg::roxmltree::Document;
use wavekeep_core::{FrameBlock, FrameField, FrameGap, FrameStream, Scale, Unit};
use wavekeep_report::{DrawError, Drawing, StreamCaption, Theme};
use wavekeep_signal::Envelope;

/// Channels in memory, read at once.
struct Frames {
    channels: Vec<Vec<i32>>,
    gaps: Vec<FrameGap>,
    read: bool,
}

impl FrameStream for Frames {
    type Error = Infallible;

    fn channels(&self) -> usize {
        self.channels.len()
    }

    fn frames(&self) -> u64 {
        self.channels.first().map_or(0, Vec::len) as u64
    }

    fn fields(&self) -> &[FrameField] {
        &[]
    }

    fn scale(&self) -> Scale {
        Scale::ratio(1.0, 1000.0, Unit::Radian)
    }

    fn rate_hz(&self) -> Option<f64> {
        Some(200.0)
    }

    fn gaps(&self) -> Vec<FrameGap> {
        self.gaps.clone()
    }

    fn next_block(&mut self, _: usize, block: &mut FrameBlock) -> Result<bool, Infallible> {
        block.frames = self.frames() as usize;
        block.samples = self.channels.concat();
        Ok(!std::mem::replace(&mut self.read, true) && block.frames > 0)
    }
}

fn envelope(channels: Vec<Vec<i32>>, gaps: Vec<FrameGap>) -> (Envelope, StreamCaption) {
    let mut stream = Frames { channels, gaps, read: false };
    let caption = StreamCaption {
        title: "run.dat".to_owned(),
        about: "frames".to_owned(),
        channels: (0..stream.channels()).map(|row| stream.channel_name(row)).collect(),
        scale: stream.scale(),
        rate_hz: stream.rate_hz(),
    };
    let Ok(envelope) = Envelope::of(&mut stream, 300, |_| ());
    (envelope, caption)
}

fn wave(frames: usize, amplitude: f64) -> Vec<i32> {
    (0..frames).map(|frame| (amplitude * (frame as f64 / 9.0).sin()) as i32).collect()
}

#[test]
fn traces_name_their_channels_with_the_range_of_their_samples() {
    let (envelope, caption) = envelope(vec![wave(600, 500.0), vec![3000; 600]], Vec::new());
    let drawing = Drawing::stream_traces(&envelope, &caption, Theme::Light).expect("a drawing");
    for words in ["channel 0", "channel 1", "3.000 to 3.000 rad", "time from the first frame (s)"] {
        assert!(drawing.svg().contains(words), "{words}");
    }
    assert!(!drawing.svg().contains("missing</text>"));
}

#[test]
fn missing_frames_are_hatched_in_both_drawings() {
    let gaps = vec![FrameGap { before: 300..301, missing: 200 }];
    let (envelope, caption) = envelope(vec![wave(600, 500.0)], gaps);
    let traces = Drawing::stream_traces(&envelope, &caption, Theme::Dark).expect("a drawing");
    let overview = Drawing::overview(&envelope, &caption, Theme::Dark).expect("a drawing");
    for drawing in [traces, overview] {
        assert!(drawing.svg().contains("fill=\"url(#missing)\""));
        assert!(drawing.svg().contains("frames missing"));
        assert!(drawing.png(400).is_ok() && drawing.pdf().is_ok());
    }
}

#[test]
fn a_channel_that_does_not_move_is_told_apart_from_a_quiet_one() {
    let (envelope, caption) =
        envelope(vec![vec![7; 300], wave(300, 2.0), wave(300, 900.0)], vec![]);
    let overview = Drawing::overview(&envelope, &caption, Theme::Light).expect("a drawing");
    // Two shapes of its colour: the channel, and the sample in the legend.
    assert_eq!(overview.svg().matches("#808080").count(), 2);
}

#[test]
fn without_channels_there_is_nothing_to_draw() {
    let (envelope, caption) = envelope(Vec::new(), Vec::new());
    let drawn = Drawing::overview(&envelope, &caption, Theme::Light);
    assert_eq!(drawn, Err(DrawError::NoChannels));
    assert_eq!(
        Drawing::stream_traces(&envelope, &caption, Theme::Light),
        Err(DrawError::NoChannels)
    );
}

proptest! {
    #[test]
    fn any_samples_and_gaps_make_well_formed_drawings(
        channels in (0usize..40).prop_flat_map(|frames| proptest::collection::vec(
            proptest::collection::vec(any::<i32>(), frames), 1..20)),
        (at, missing) in (0u64..40, any::<u64>()),
    ) {
        let frames = channels[0].len() as u64;
        let gaps = (0 < at && at < frames && missing > 0)
            .then(|| FrameGap { before: at..at + 1, missing });
        let (envelope, caption) = envelope(channels, gaps.into_iter().collect());
        for theme in [Theme::Light, Theme::Dark] {
            let traces = Drawing::stream_traces(&envelope, &caption, theme).expect("a drawing");
            let overview = Drawing::overview(&envelope, &caption, theme).expect("a drawing");
            prop_assert!(Document::parse(traces.svg()).is_ok());
            prop_assert!(Document::parse(overview.svg()).is_ok());
        }
    }
}
