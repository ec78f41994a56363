//! The file of metrics of a recording.

use wavekeep_recorder::Recorder;
use wavekeep_recorder::writer::FileLayer;
use wavekeep_server::{Exposition, MetricKind};

use super::notices::Notices;
use super::{Taken, statistics};
use crate::args::RecordArgs;
use crate::metrics_file::MetricsFile;
use crate::service;

/// What a recording counts, for systemd and for Prometheus.
#[derive(Debug)]
pub struct Metrics {
    from: String,
    file: MetricsFile,
}

impl Metrics {
    pub fn new(command: &RecordArgs) -> Self {
        let from = command.from.to_string();
        Self { from, file: MetricsFile::new(command.metrics_file.clone()) }
    }

    /// Writes them if it is time to.
    pub fn update<L: FileLayer>(
        &mut self,
        recorder: &Recorder<L>,
        taken: &Taken,
        notices: Option<&Notices>,
    ) {
        service::alive();
        let Self { from, file } = self;
        file.update(|out| fill(out, from, recorder, taken, notices));
    }

    /// Writes them.
    pub fn write<L: FileLayer>(
        &mut self,
        recorder: &Recorder<L>,
        taken: &Taken,
        notices: Option<&Notices>,
    ) {
        let Self { from, file } = self;
        file.write(|out| fill(out, from, recorder, taken, notices));
    }
}

fn fill<L: FileLayer>(
    out: &mut Exposition,
    from: &str,
    recorder: &Recorder<L>,
    taken: &Taken,
    notices: Option<&Notices>,
) {
    use MetricKind::{Counter, Gauge};
    let mut sample = |name, kind, help, value: u64| {
        out.family(name, kind, help).sample(&[("from", from)], value);
    };
    let writer = recorder.writer();
    let help = "Whether a file is open.";
    sample("wavekeep_record_open", Gauge, help, writer.is_open().into());
    let help = "Frames of data that were taken from the source.";
    sample("wavekeep_record_frames_total", Counter, help, taken.data);
    let help = "Frames that came while no file was open.";
    sample("wavekeep_record_not_written_frames_total", Counter, help, taken.not_written);
    let help = "Frames that could not be written.";
    sample("wavekeep_record_faults_total", Counter, help, taken.faults);
    let help = "Bytes of the file that is open, or was last.";
    sample("wavekeep_record_file_bytes", Gauge, help, writer.total_size());
    let counts = notices.map(Notices::counts);
    let lost = match (&counts, statistics(recorder)) {
        (Some(counts), _) => counts.lost,
        (None, Some(found)) => found.lost,
        (None, None) => 0,
    };
    let help = "Frames of data that did not come: gaps of frame_counter.";
    sample("wavekeep_record_lost_frames_total", Counter, help, lost);
    let Some(counts) = counts else { return };
    let help = "Messages that are no frames.";
    sample("wavekeep_record_malformed_messages_total", Counter, help, counts.malformed.total());
    let help = "Bytes that wait to be written.";
    sample("wavekeep_record_waiting_bytes", Gauge, help, counts.waiting_bytes as u64);
    let help = "Connections to the bridge.";
    sample("wavekeep_record_connections", Gauge, help, counts.connected as u64);
}
