//! A report in the vendor's form, for samples and tests.

use wavekeep_core::{ChannelStatement, Flag, Frequency, Reading, Statement, UnitLocal};
use wavekeep_report_text::{NOTE_ROLES, to_windows_1252};

use super::Table;

/// Writes a report as the vendor's software lays it out, CRLF lines and Windows-1252.
///
/// What the vendor prints is rounded (velocities to 0.001 in/s), so reading it back gives the
/// rounded values. [`Statement::fields`] is not used: it is what was read.
pub fn write(statement: &Statement, table: &Table) -> Vec<u8> {
    let mut lines = Lines::default();
    lines.common(statement);
    for channel in &statement.channels {
        lines.channel(channel);
    }
    lines.field("Peak Vector Sum", statement.peak_vector_sum.map(velocity));
    match statement.peak_vector_sum_at {
        Some(moment) => lines.moment("Peak Vector Sum", moment),
        None => lines.field("Peak Vector Sum Time", statement.peak_vector_sum_time_s.map(seconds)),
    }
    if !statement.monitor_log.is_empty() {
        lines.text.push_str("\"Monitor Log(s)\"\r\n");
        for row in &statement.monitor_log {
            lines.text.push_str(&format!("{}\t{}\t{}\r\n", row.start, row.stop, row.text));
        }
    }
    lines.field("PC SW Version", statement.software.clone());
    lines.table(table);
    to_windows_1252(&lines.text)
}

#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn field(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.text.push_str(&format!("\"{name} : {value}\"\r\n"));
        }
    }

    fn moment(&mut self, name: &str, moment: UnitLocal) {
        self.field(&format!("{name} Time"), Some(moment.0.time().to_string()));
        self.field(&format!("{name} Date"), Some(moment.0.date().to_string()));
    }

    fn common(&mut self, statement: &Statement) {
        self.field("Event Type", statement.event_type.clone());
        self.field(
            "Serial Number",
            statement.serial.as_ref().map(|serial| {
                [Some(serial.as_str()), statement.firmware.as_deref()]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" ")
            }),
        );
        match &statement.histogram {
            Some(histogram) => {
                let moment =
                    |moment: Option<UnitLocal>, part: fn(UnitLocal) -> String| moment.map(part);
                let time = |moment: UnitLocal| moment.0.time().to_string();
                let date = |moment: UnitLocal| moment.0.date().to_string();
                self.field("Histogram Start Time", moment(histogram.start, time));
                self.field("Histogram Start Date", moment(histogram.start, date));
                self.field("Histogram Stop Time", moment(histogram.stop, time));
                self.field("Histogram Stop Date", moment(histogram.stop, date));
                self.field(
                    "Number of Intervals",
                    histogram.intervals.map(|number| number.to_string()),
                );
                self.field("Interval Size", histogram.interval_s.map(interval_size));
            }
            None => {
                self.field(
                    "Event Date",
                    statement.start.map(|at| at.0.strftime("%B %-d, %Y").to_string()),
                );
                self.field("Event Time", statement.start.map(|at| at.0.time().to_string()));
            }
        }
        self.field("Trigger", statement.trigger.clone());
        self.field("Geo Range", statement.geophone_range.map(velocity));
        self.field("Record Time", statement.record_time_s.map(|s| format!("{s:.1} sec")));
        self.field("Pre-trigger Length", statement.pretrigger_s.map(|s| format!("-{s:.3} sec")));
        self.field("Sample Rate", statement.rate_hz.map(|rate| format!("{rate} sps")));
        self.field("Battery Level", statement.battery.clone());
        self.field("Calibration", statement.calibration.clone());
        if let Some(units) = &statement.units {
            self.field("Units", Some(units.clone()));
            for role in NOTE_ROLES {
                let note = statement.notes.iter().find(|note| note.role == role);
                let (label, text) = note.map_or((role, ""), |note| (&note.label, &note.text));
                self.field(label, Some(text.to_owned()));
            }
        }
    }

    fn channel(&mut self, channel: &ChannelStatement) {
        let microphone = channel.name == "MicL";
        let peak_name = if microphone { "PSPL" } else { "PPV" };
        let mut field = |name: &str, value: Option<String>| {
            self.field(&format!("{} {name}", channel.name), value)
        };
        field(
            peak_name,
            channel.peak.map(|peak| if microphone { level(peak) } else { velocity(peak) }),
        );
        field("ZC Freq", channel.zc_frequency.map(frequency));
        field("Time of Peak", channel.time_of_peak_s.map(seconds));
        field("Peak Acceleration", channel.peak_acceleration.map(|peak| number(peak, 3)));
        field("Peak Displacement", channel.peak_displacement.map(|peak| number(peak, 5)));
        field("Test Amplitude", channel.test_amplitude.map(|peak| format!("{} mv", peak.value)));
        field("Test Freq", channel.test_frequency.map(|hz| format!("{hz:.1}")));
        field("Test Ratio", channel.test_ratio.map(|ratio| format!("{ratio:.1}")));
        field("Test Results", channel.test_results.clone());
        if let Some(moment) = channel.peak_at {
            self.moment(&format!("{} Peak", channel.name), moment);
        }
    }

    fn table(&mut self, table: &Table) {
        match table {
            Table::None => {}
            Table::Samples(rows) => {
                self.text.push_str("\r\n    Tran\t    Vert\t    Long\t    MicL\r\n");
                for [tran, vert, long, microphone] in rows {
                    let row = format!("{tran:8.3}\t{vert:8.3}\t{long:8.3}\t{microphone:8.2}\r\n");
                    self.text.push_str(&row);
                }
            }
            Table::Intervals(rows) => {
                self.text.push_str("\r\nTran\tTran Freq\tVert\tVert Freq\tLong\tLong Freq\tVector Sum\tMicL psi\tMicL dB(L)\tMicL Freq\r\n");
                for row in rows {
                    let mut columns = row.label.clone();
                    for (peak, hz) in row.peaks.iter().zip(row.frequencies) {
                        columns.extend([format!("{peak:.3}"), column_frequency(hz)]);
                    }
                    columns.extend([
                        format!("{:.3}", row.vector_sum),
                        format!("{:.3}", row.microphone_psi),
                        format!("{:.2}", row.microphone_level_db),
                        column_frequency(row.microphone_frequency),
                    ]);
                    self.text.push_str(&columns.join("\t"));
                    self.text.push_str("\r\n");
                }
            }
        }
    }
}

fn number(reading: Reading, decimals: usize) -> String {
    let sign = match reading.flag {
        Some(Flag::AboveRange) => ">",
        Some(Flag::BelowRange) => "<",
        Some(Flag::Saturated) => return "OORANGE".to_owned(),
        _ => "",
    };
    let decimals = reading.decimals.map_or(decimals, usize::from);
    format!("{sign}{:.decimals$} {}", reading.value, reading.unit)
}

fn velocity(reading: Reading) -> String {
    number(reading, 3)
}

fn level(reading: Reading) -> String {
    number(reading, if reading.unit.is_level() { 2 } else { 5 })
}

fn frequency(frequency: Frequency) -> String {
    frequency.to_string()
}

/// In a table the unit is in the heading.
fn column_frequency(frequency: Frequency) -> String {
    match frequency {
        Frequency::NotAvailable => "-".to_owned(),
        other => other.to_string().trim_end_matches(" Hz").to_owned(),
    }
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.3} sec")
}

fn interval_size(seconds: f64) -> String {
    let (number, unit) =
        if seconds % 60.0 == 0.0 { (seconds / 60.0, "minute") } else { (seconds, "second") };
    format!("{number} {unit}{}", if number == 1.0 { "" } else { "s" })
}
