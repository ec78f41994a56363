//! What is found of frame_counter: gaps, and the steps that it goes on by.

use std::ops::Range;

/// What frame_counter did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GapKind {
    /// It went on by the place of more than one frame: frames are missing.
    Missing,
    /// It went on by less than a step, or stood still.
    Short,
    /// It went on by more than a step, and nothing shows that a frame is missing.
    Irregular,
    /// From here on it goes on by another step, and the run does not say why.
    Changed,
    /// The frame belongs before others that came earlier: none is missing.
    OutOfOrder,
    /// It went back, and the timestamps went on: counting began anew.
    Anew,
    /// It went back, and so did the timestamps: what follows is older.
    Back,
}

impl GapKind {
    /// A short stable word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Short => "short",
            Self::Irregular => "irregular",
            Self::Changed => "changed",
            Self::OutOfOrder => "out_of_order",
            Self::Anew => "anew",
            Self::Back => "back",
        }
    }
}

/// A place where frame_counter does not go on by the usual step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The frames (numbers in the run) before each of which this happens. More than one when it
    /// happens again and again, as with every second frame dropped.
    pub frames: Range<u64>,
    /// What frame_counter went on by, modulo 2^32.
    pub step: u32,
    /// What it did.
    pub kind: GapKind,
    /// Frames that are missing, all of [`frames`](Self::frames) together.
    pub missing: u64,
}

/// Why frame_counter goes on as it does in a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepReason {
    /// So it began.
    Initial,
    /// The metadata states this downsampling factor.
    Metadata,
    /// The sync word in external_time goes on by 1 a frame: the frames follow an outside trigger.
    SyncWord,
    /// Nothing says why.
    Unstated,
}

impl StepReason {
    /// A short stable word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Metadata => "metadata",
            Self::SyncWord => "sync_word",
            Self::Unstated => "unstated",
        }
    }
}

/// Frames over which frame_counter goes on in the same way.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StepStretch {
    /// The frames, by their numbers in the run.
    pub frames: Range<u64>,
    /// The smallest step of frame_counter.
    pub least: u32,
    /// The largest one; the same as the smallest unless an outside trigger decides.
    pub most: u32,
    /// The mean.
    pub mean: f64,
    /// Why.
    pub reason: StepReason,
}

/// From a frame on the metadata states this downsampling factor; `None` when it is not in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FactorChange {
    pub(crate) frame: u64,
    pub(crate) factor: Option<u32>,
}

/// What frame_counter shows over a whole run.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Counting {
    /// How it goes on, stretch by stretch; empty when it never does.
    pub stretches: Vec<StepStretch>,
    /// Where it does something else, in order.
    pub gaps: Vec<Gap>,
    /// Frames that are missing in all gaps together.
    pub missing: u64,
    /// Steps that were only counted: a file can change the step at every frame.
    pub not_kept: u64,
}

impl Counting {
    /// What frame_counter goes on by, if that is one number in every stretch.
    pub fn step(&self) -> Option<u32> {
        let first = self.stretches.first()?;
        let same = |it: &StepStretch| it.least == first.least && it.most == first.least;
        self.stretches.iter().all(same).then_some(first.least)
    }

    /// The gaps of one kind.
    pub fn of_kind(&self, kind: GapKind) -> impl Iterator<Item = &Gap> {
        self.gaps.iter().filter(move |gap| gap.kind == kind)
    }
}
