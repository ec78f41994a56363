//! What is said of a bridge while it is recorded.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use wavekeep_link::bridge::{BridgeCounts, BridgeStatus};

use crate::render::care;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// Between two lines on losses.
const LOSSES: Duration = Duration::from_secs(5);
/// How long no frame comes before it is said.
const SILENCE: Duration = Duration::from_secs(3);

/// Says when a bridge is silent, and what is lost.
#[derive(Debug)]
pub struct Notices {
    status: BridgeStatus,
    looked: Instant,
    /// Whether there is a chain, which takes samples of 16 bits.
    has_chain: bool,
    has_said_narrow: bool,
    /// Since when no frame has come, once that was said.
    silent_since: Option<Instant>,
    /// What was said of losses last, and when.
    said: (Losses, Option<Instant>),
}

/// Numbers of frames and messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Losses {
    lost: u64,
    out_of_order: u64,
    malformed: u64,
}

impl Losses {
    fn of(counts: &BridgeCounts) -> Self {
        let BridgeCounts { lost, out_of_order, malformed, .. } = counts;
        Self { lost: *lost, out_of_order: *out_of_order, malformed: malformed.total() }
    }
}

impl Notices {
    pub fn new(status: BridgeStatus, has_chain: bool) -> Self {
        Self {
            status,
            looked: Instant::now(),
            has_chain,
            has_said_narrow: false,
            silent_since: None,
            said: Default::default(),
        }
    }

    /// What came over the bridge so far.
    pub fn counts(&self) -> BridgeCounts {
        self.status.counts()
    }

    /// Says what has changed, if it is time to look.
    pub fn look(&mut self, bar: &ProgressBar) {
        if self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        let counts = self.counts();
        self.look_for_silence(&counts, bar);
        if counts.narrow > 0 && !self.has_chain && !self.has_said_narrow {
            self.has_said_narrow = true;
            bar.suspend(|| {
                care(
                    "the frames have samples of 16 bits, as in front of the server's chain: a file \
                     of them cannot be read; --chain names the settings of a chain",
                )
            });
        }
        let losses = Losses::of(&counts);
        let is_due = self.said.1.is_none_or(|last| last.elapsed() >= LOSSES);
        if losses != self.said.0 && is_due {
            self.said = (losses, Some(Instant::now()));
            bar.suspend(|| care(loss_words(&counts)));
        }
    }

    fn look_for_silence(&mut self, counts: &BridgeCounts, bar: &ProgressBar) {
        let silent_for = self.status.silent_for();
        match self.silent_since {
            None if silent_for >= SILENCE => {
                self.silent_since = Instant::now().checked_sub(silent_for);
                let why = match (counts.connected, &counts.last_fault) {
                    (0, Some(fault)) => format!("; no client is connected: {fault}"),
                    (0, None) => "; no client is connected".to_owned(),
                    _ => "; connected, nothing is sent".to_owned(),
                };
                let seconds = silent_for.as_secs_f64();
                bar.suspend(|| care(format_args!("no frame for {seconds:.0} s{why}")));
            }
            Some(since) if silent_for < SILENCE => {
                self.silent_since = None;
                let seconds = since.elapsed().saturating_sub(silent_for).as_secs_f64();
                bar.suspend(|| care(format_args!("frames come again after {seconds:.1} s")));
            }
            _ => {}
        }
    }
}

/// `12 frames are missing by frame_counter (3 messages were no frames)`, as far as there is
/// something to say.
pub fn loss_words(counts: &BridgeCounts) -> String {
    let mut words = Vec::new();
    let mut say = |number: u64, one: &str, many: &str| match number {
        0 => {}
        1 => words.push(format!("1 {one}")),
        _ => words.push(format!("{number} {many}")),
    };
    say(counts.lost, "frame is missing by frame_counter", "frames are missing by frame_counter");
    say(counts.out_of_order, "frame is out of order", "frames are out of order");
    let malformed = counts.malformed;
    say(
        malformed.parts,
        "message was not of four parts and was dropped",
        "messages were not of four parts and were dropped",
    );
    say(
        malformed.sizes,
        "message had parts of wrong sizes and was dropped",
        "messages had parts of wrong sizes and were dropped",
    );
    say(
        malformed.too_long,
        "message was too long and was dropped",
        "messages were too long and were dropped",
    );
    words.join(", ")
}
