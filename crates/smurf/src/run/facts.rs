//! Everything about a run but its samples, as one JSON object.

use serde_json::{Map, Value, json};
use wavekeep_core::{FrameStream, Report};

use crate::error::Result;
use crate::files::detect::INFO;
use crate::index::findings::Gap;
use crate::read::stream::Stream;
use crate::run::Run;

/// Most gaps and stretches that are listed, each: a document stays readable.
const MOST_LISTED: usize = 100;

impl Run {
    /// All notes on the run: those of [`report`](Self::report), then those on its metadata.
    ///
    /// # Errors
    /// As [`metadata`](Self::metadata).
    pub fn full_report(&self) -> Result<Report> {
        let mut report = self.report();
        self.metadata()?.report().notes().iter().cloned().for_each(|note| report.push(note));
        Ok(report)
    }

    /// Everything about the run but its samples.
    ///
    /// One object; every key is always there, `null` where nothing is known:
    ///
    /// | key | value |
    /// |---|---|
    /// | `format`, `format_name`, `kind` | short word and name of the format; `"stream"` |
    /// | `pieces`, `bytes` | the files in their order, and their length together |
    /// | `frames`, `sections` | how many; `first_frame`, `frames`, `channels`, `payload_bytes` of each section |
    /// | `frame_counter_step` | what the frame counter goes on by from frame to frame, if that is one number |
    /// | `frame_counter_steps` | `frames`, `least`, `most`, `mean`, `reason`, stretch by stretch |
    /// | `gaps`, `gap_places` | `frames`, `step`, `kind`, `missing` of the first hundred places where it does something else; how many there are |
    /// | `missing_frames` | frames that are missing in all gaps |
    /// | `errored_frames`, `bad_frames`, `other_records` | marked by their sender; not whole; records by their channel |
    /// | `rate_hz`, `rates` | frames a second, if they are the same everywhere; `frames`, `rate_hz` of each stretch |
    /// | `time_basis`, `time_stretches` | how times are got, in words; `frames`, `basis` of each stretch |
    /// | `first_time_ns`, `last_time_ns` | UNIX ns |
    /// | `masked_channels` | channels of the mask |
    /// | `metadata_records`, `config` | how many; the configuration behind the last one |
    /// | `report` | `damaged`, `notes`, `not_kept` of [`full_report`](Self::full_report) |
    ///
    /// ```
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/basic.dat");
    /// let facts = wavekeep_smurf::Run::open(path)?.facts()?;
    /// assert_eq!((&facts["kind"], &facts["frames"]), (&"stream".into(), &20.into()));
    /// # Ok::<(), wavekeep_smurf::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), [`Error::Shrunk`](crate::Error::Shrunk).
    pub fn facts(&self) -> Result<Map<String, Value>> {
        let index = self.index();
        let last = index.frames().checked_sub(1);
        let time = |frame: Option<u64>| frame.map_or(Ok(None), |frame| self.time_ns(frame));
        let sections = index.sections().iter().map(|section| {
            json!({
                "first_frame": section.frames.start,
                "frames": section.frames.end - section.frames.start,
                "channels": section.channels,
                "payload_bytes": section.payload_bytes,
            })
        });
        let counting = self.counting();
        let gap = |gap: &Gap| {
            let Gap { frames, step, kind, missing } = gap;
            json!({ "frames": frames, "step": step, "kind": kind.code(), "missing": missing })
        };
        let gaps = counting.gaps.iter().take(MOST_LISTED).map(gap);
        let steps = counting.stretches.iter().take(MOST_LISTED).map(|it| {
            json!({
                "frames": it.frames, "least": it.least, "most": it.most, "mean": it.mean,
                "reason": it.reason.code(),
            })
        });
        let rates = self.rates();
        let rates = rates.iter().take(MOST_LISTED);
        let rates = rates.map(|it| json!({ "frames": it.frames, "rate_hz": it.hz }));
        let times = self.time_stretches();
        let times = times.iter().take(MOST_LISTED);
        let times = times.map(|it| json!({ "frames": it.frames, "basis": it.basis.code() }));
        let others = index
            .other_channels()
            .iter()
            .map(|(channel, other)| (channel.to_string(), json!(other.records)));
        let report = self.full_report()?;
        let facts = json!({
            "format": INFO.id,
            "format_name": INFO.name,
            "kind": "stream",
            "pieces": self.pieces(),
            "bytes": index.bytes(),
            "frames": index.frames(),
            "sections": sections.collect::<Vec<_>>(),
            "frame_counter_step": counting.step(),
            "frame_counter_steps": steps.collect::<Vec<_>>(),
            "gaps": gaps.collect::<Vec<_>>(),
            "gap_places": counting.gaps.len() as u64 + counting.not_kept,
            "missing_frames": counting.missing,
            "errored_frames": index.errored_frames(),
            "bad_frames": index.bad_frames(),
            "other_records": others.collect::<Map<_, _>>(),
            "rate_hz": self.rate_hz(),
            "rates": rates.collect::<Vec<_>>(),
            "time_basis": self.time_basis().to_string(),
            "time_stretches": times.collect::<Vec<_>>(),
            "first_time_ns": time(last.map(|_| 0))?,
            "last_time_ns": time(last)?,
            "masked_channels": self.mask().map(|mask| mask.channels().len()),
            "metadata_records": index.metadata_records(),
            "config": self.metadata()?.config().tree(),
            "report": {
                "damaged": report.is_damaged(),
                "notes": report.notes(),
                "not_kept": report.not_kept(),
            },
        });
        Ok(match facts {
            Value::Object(facts) => facts,
            _ => Map::new(),
        })
    }
}

impl Stream<'_> {
    /// What goes with the samples of a selection into another file: the [facts](Run::facts) of the
    /// run, `channel_indices` (the sample index of every row), `channels` (`index`, `band`,
    /// `channel`, `frequency_mhz` of every row; `null` where not known), and `metadata_updates`:
    /// `frames_before` and `values` of each.
    ///
    /// # Errors
    /// As [`Run::facts`].
    pub fn facts(&self) -> Result<Map<String, Value>> {
        let mut facts = self.run().facts()?;
        facts.insert("channel_indices".to_owned(), json!(self.indices()));
        let channels = self.stream_channels().into_iter().map(|it| {
            let (band, channel) = it.detector.unzip();
            json!({
                "index": it.index, "band": band, "channel": channel,
                "frequency_mhz": it.frequency_mhz,
            })
        });
        facts.insert("channels".to_owned(), channels.collect());
        let metadata = self.run().metadata()?;
        let updates = metadata
            .updates()
            .iter()
            .map(|update| json!({ "frames_before": update.place.frame, "values": update.values }));
        facts.insert("metadata_updates".to_owned(), updates.collect());
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::select::Selection;

    fn open(name: &str) -> Run {
        Run::open(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn a_run_without_frames_has_every_key_and_no_times() {
        let (none, some) =
            (Run::from_bytes([Vec::new()]).unwrap().facts().unwrap(), open("basic.dat"));
        let some = some.facts().unwrap();
        assert_eq!(none.keys().collect::<Vec<_>>(), some.keys().collect::<Vec<_>>());
        assert_eq!((&none["frames"], &none["last_time_ns"]), (&json!(0), &Value::Null));
        assert!(some["last_time_ns"].as_u64() > some["first_time_ns"].as_u64());
    }

    #[test]
    fn a_selection_names_the_channels_of_its_rows_and_the_updates_of_its_run() {
        let run = open("basic.dat");
        let facts = run.stream(&Selection::channels([5, 2])).unwrap().facts().unwrap();
        assert_eq!(facts["channel_indices"], json!([5, 2]));
        let updates = facts["metadata_updates"].as_array().unwrap();
        assert_eq!(updates.len(), run.metadata().unwrap().updates().len());
    }

    #[test]
    fn notes_on_metadata_stand_behind_those_on_the_run() {
        // A record of channel 1 whose YAML ends too early, and three stray bytes.
        let bytes = b"\x0a\0\0\0\0\0\0\x01a: [1\nabc".to_vec();
        let run = Run::from_bytes([bytes]).unwrap();
        let metadata = run.metadata().unwrap();
        let (own, of_metadata) = (run.report(), metadata.report());
        assert_eq!((own.notes().len(), of_metadata.notes().len()), (1, 1));
        let expected = [own.notes(), of_metadata.notes()].concat();
        assert_eq!(run.full_report().unwrap().notes(), expected);
    }
}
