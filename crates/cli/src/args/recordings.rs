//! Which recordings are read, what the caller states about them, and which part of each is meant.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args as ClapArgs;
use wavekeep_core::{
    ChannelChoice, DecodeOptions, GeophoneRange, Limits, Selection, SelectionError,
};
use wavekeep_formats::Opener;
use wavekeep_smurf::OpenOptions;

use super::values::{finite, not_negative, positive};

/// How the unit was set up, where the caller knows it and the file may not.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct SetupArgs {
    /// State the sample rate, in samples per second and channel.
    #[arg(long, value_name = "HZ", value_parser = positive)]
    pub rate: Option<f64>,
    /// State the geophone range: normal (10 in/s) or sensitive (1.25 in/s).
    #[arg(long, value_name = "RANGE")]
    pub range: Option<GeophoneRange>,
    /// State the time recorded before the trigger, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = not_negative)]
    pub pretrigger: Option<f64>,
}

/// How large an event may be: a file from outside could be of any size.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub struct LimitArgs {
    /// Maximum size of an event file, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().event_bytes, help_heading = "Limits")]
    pub max_event_bytes: u64,
    /// Maximum number of samples of an event, all channels together.
    #[arg(long, value_name = "SAMPLES", default_value_t = Limits::default().event_samples, help_heading = "Limits")]
    pub max_event_samples: u64,
    /// Maximum size of a report text, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().report_text_bytes, help_heading = "Limits")]
    pub max_report_bytes: u64,
}

impl Default for LimitArgs {
    fn default() -> Self {
        let Limits { event_bytes, event_samples, report_text_bytes, .. } = Limits::default();
        Self {
            max_event_bytes: event_bytes,
            max_event_samples: event_samples,
            max_report_bytes: report_text_bytes,
        }
    }
}

impl LimitArgs {
    /// The limits of decoders.
    pub fn limits(&self) -> Limits {
        Limits::default()
            .with_event_bytes(self.max_event_bytes)
            .with_event_samples(self.max_event_samples)
            .with_report_text_bytes(self.max_report_bytes)
    }
}

/// The files, and what the caller states about them.
#[derive(Debug, ClapArgs)]
pub struct InputArgs {
    /// Recordings, or folders to search for them; - is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub setup: SetupArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Ignore the vendor's reports beside the files.
    #[arg(long)]
    pub no_report: bool,
    /// Store an index beside each stream, so that a long run opens at once the next time.
    #[arg(long)]
    pub keep_index: bool,
    /// Read only the named piece of a stream.
    #[arg(long)]
    pub one_piece: bool,
    /// The metadata channel of a stream, if it is not 1.
    #[arg(long, value_name = "CHANNEL")]
    pub metadata_channel: Option<u8>,
}

impl InputArgs {
    /// An opener that states what the caller states.
    pub fn opener(&self) -> Opener {
        let opener = Opener::new(
            DecodeOptions::default()
                .with_rate_hz(self.setup.rate)
                .with_range(self.setup.range)
                .with_pretrigger_s(self.setup.pretrigger)
                .with_limits(self.limits.limits()),
        )
        .stream_options(
            OpenOptions::default()
                .with_keep_index(self.keep_index)
                .with_one_piece(self.one_piece)
                .with_metadata_channel(self.metadata_channel),
        );
        if self.no_report { opener.without_reports() } else { opener }
    }
}

/// A part of each recording.
#[derive(Debug, ClapArgs)]
pub struct SelectionArgs {
    /// Channels or arrays by name or index: Tran,Vert or 0-2; for a stream also band:channel. Names are
    /// compared first; #0 and #0-2 are always indices, and a name in double quotes may contain commas:
    /// '"a,b",#0'.
    #[arg(long, value_name = "LIST")]
    pub channels: Vec<ChannelList>,
    /// Start time, in seconds from the trigger.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = finite)]
    pub start: Option<f64>,
    /// End time, exclusive.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = finite)]
    pub end: Option<f64>,
    /// Samples, intervals or frames A to B, exclusive, counted from 0.
    #[arg(long, value_name = "A..B", value_parser = frames)]
    pub frames: Option<std::ops::Range<usize>>,
    /// Section of a stream whose number of channels changes, as `info` lists them.
    #[arg(long, value_name = "N")]
    pub section: Option<usize>,
}

/// What one `--channels` names.
#[derive(Debug, Clone)]
pub struct ChannelList(Vec<ChannelChoice>);

impl FromStr for ChannelList {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        ChannelChoice::parse_list(text).map(Self)
    }
}

impl SelectionArgs {
    /// What all `--channels` name, in their order.
    pub fn channels(&self) -> Vec<ChannelChoice> {
        self.channels.iter().flat_map(|list| list.0.iter().cloned()).collect()
    }

    /// What of each recording is asked for.
    pub fn selection(&self) -> Selection {
        Selection {
            channels: self.channels(),
            indices: self.frames.clone(),
            start_s: self.start,
            end_s: self.end,
        }
    }
}

fn frames(text: &str) -> Result<std::ops::Range<usize>, String> {
    let form = || format!("{text:?} is not of the form 0..512");
    let (first, end) = text.split_once("..").ok_or_else(form)?;
    let first = if first.is_empty() { Ok(0) } else { first.parse() }.map_err(|_| form())?;
    let end = if end.is_empty() { Ok(usize::MAX) } else { end.parse() }.map_err(|_| form())?;
    if first <= end { Ok(first..end) } else { Err(format!("{text:?} ends before it begins")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_a_half_open_range() {
        assert_eq!(frames("0..512"), Ok(0..512));
        assert_eq!(frames("512.."), Ok(512..usize::MAX));
        assert_eq!(frames("..5"), Ok(0..5));
        assert!(frames("5..2").is_err() && frames("5").is_err() && frames("a..b").is_err());
    }
}
