//! A report in the form that [`ReportText`](super::ReportText) reads, for samples and tests.

use wavekeep_core::{BlastStatement, ChannelStatement, Flag, Reading, Statement, UnitLocal};

use super::SampleTable;

/// Writes a report: one `Name : Value` a line, then the table, CRLF lines and UTF-8.
///
/// Velocities are printed to 0.0001 of their unit and levels to 0.01 dB(L), so reading it back
/// gives the rounded values. [`Statement::fields`] is not used: it is what was read.
pub fn write(statement: &Statement, table: Option<&SampleTable>) -> Vec<u8> {
    let mut lines = Lines::default();
    lines.common(statement);
    if let Some(blast) = &statement.blast {
        lines.blast(blast);
    }
    for channel in &statement.channels {
        lines.channel(channel);
    }
    lines.field("PeakVectorSum", statement.peak_vector_sum.map(|sum| reading(sum, 4)));
    lines.field("PeakVectorSumTime", statement.peak_vector_sum_time_s.map(seconds));
    if let Some(table) = table {
        lines.table(table);
    }
    lines.0.into_bytes()
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn field(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.0.push_str(&format!("{name} : {value}\r\n"));
        }
    }

    fn common(&mut self, statement: &Statement) {
        self.field("EventType", statement.event_type.clone());
        let date = |at: UnitLocal| at.0.strftime("%B %-d, %Y").to_string();
        let time = |at: UnitLocal| at.0.time().to_string();
        self.field("EventTime", statement.start.map(time));
        self.field("EventDate", statement.start.map(date));
        self.field("SerialNumber", statement.serial.clone());
        self.field("Firmware", statement.firmware.clone());
        self.field("Calibration", statement.calibration.clone());
        self.field("BatteryLevel", statement.battery.clone());
        self.field("Trigger", statement.trigger.clone());
        self.field("GeoRange", statement.geophone_range.map(|range| reading(range, 4)));
        self.field("SampleRate", statement.rate_hz.map(|rate| format!("{rate} sps")));
        self.field("RecordTime", statement.record_time_s.map(seconds));
        self.field("PretriggerLength", statement.pretrigger_s.map(|s| seconds(-s)));
        self.field("Units", statement.units.clone());
        for (number, note) in statement.notes.iter().enumerate() {
            self.field(&format!("TitleNote{}", number + 1), Some(note.label.clone()));
            self.field(&format!("TitleString{}", number + 1), Some(note.text.clone()));
        }
        if let Some(histogram) = &statement.histogram {
            self.field("HistogramStartTime", histogram.start.map(time));
            self.field("HistogramStartDate", histogram.start.map(date));
            self.field("HistogramStopTime", histogram.stop.map(time));
            self.field("HistogramStopDate", histogram.stop.map(date));
            self.field("NumberOfIntervals", histogram.intervals.map(|count| count.to_string()));
            self.field("IntervalSize", histogram.interval_s.map(|s| format!("{s} seconds")));
        }
    }

    fn blast(&mut self, blast: &BlastStatement) {
        let printed = |of: Reading| reading(of, 1);
        let of = [blast.distance, blast.charge].into_iter().flatten().map(printed);
        let of = of.collect::<Vec<_>>().join(", ");
        let of = if of.is_empty() { of } else { format!(" ({of})") };
        self.field("ScaledDistance", blast.scaled_distance.map(|value| format!("{value:.1}{of}")));
        self.field("GpsDistance", blast.gps_distance.map(printed));
    }

    fn channel(&mut self, channel: &ChannelStatement) {
        let microphone = channel.name == "MicL";
        let prefix = if microphone { "Mic" } else { channel.name.as_str() };
        let mut field = |name: &str, value: Option<String>| {
            self.field(&format!("{prefix}{name}"), value);
        };
        let level = |peak: Reading| reading(peak, if peak.unit.is_level() { 2 } else { 6 });
        match microphone {
            true => field("PSPL", channel.peak.map(level)),
            false => field("PPV", channel.peak.map(|peak| reading(peak, 4))),
        }
        field("ZCFreq", channel.zc_frequency.map(|hz| format!("{hz:.1}")));
        field("TimeofPeak", channel.time_of_peak_s.map(seconds));
        field("PeakAcceleration", channel.peak_acceleration.map(|peak| reading(peak, 4)));
        field("PeakDisplacement", channel.peak_displacement.map(|peak| reading(peak, 6)));
        field("TestResults", channel.test_results.clone());
    }

    fn table(&mut self, table: &SampleTable) {
        self.0.push_str("\r\n    Tran\t    Vert\t    Long\t    MicL\r\n");
        for row in &table.rows {
            let cells: Vec<String> = row
                .iter()
                .zip(table.decimals)
                .map(|(value, decimals)| match value {
                    Some(value) => format!("{value:8.decimals$}"),
                    None => "     N/A".to_owned(),
                })
                .collect();
            self.0.push_str(&cells.join("\t"));
            self.0.push_str("\r\n");
        }
    }
}

fn reading(reading: Reading, decimals: usize) -> String {
    let sign = match reading.flag {
        Some(Flag::AboveRange) => ">",
        Some(Flag::BelowRange) => "<",
        Some(Flag::Saturated) => return "OORANGE".to_owned(),
        _ => "",
    };
    let decimals = reading.decimals.map_or(decimals, usize::from);
    format!("{sign}{:.decimals$} {}", reading.value, reading.unit)
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.3} sec")
}
