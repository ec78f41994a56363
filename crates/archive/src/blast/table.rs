//! Events against their scaled distances as CSV.

use std::io::{self, Write};

use wavekeep_signal::BlastUnits;

use super::{BlastEvent, ScaledDistances};
use crate::export::field;

impl ScaledDistances {
    /// Writes the events as CSV (RFC 4180, UTF-8) in these units, which the heading names. What is not known
    /// is an empty field; what does not count has the reason in the last column.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_csv(&self, units: BlastUnits, out: &mut dyn Write) -> io::Result<()> {
        let root = self.medium.root();
        write!(
            out,
            "id,serial,filename,timestamp,project,location,charge ({}),charge from,distance ({}),distance from,\
             scaled distance ({}),peak ({}),flag,left out\r\n",
            units.charge,
            units.distance,
            units.scaled_distance_symbol(root),
            units.peak
        )?;
        let (from, scaled) =
            (self.medium.units(), units.scaled_distance_factor(self.medium.units(), root));
        for event in &self.events {
            write!(out, "{}", event.id)?;
            for text in texts(event) {
                out.write_all(b",")?;
                field(out, text.unwrap_or_default())?;
            }
            let blast = &event.blast;
            let values = [
                (blast.charge, event.charge_kg, from.charge, units.charge),
                (blast.distance, event.distance_m, from.distance, units.distance),
            ];
            for (value, si, from, to) in values {
                let converted = si.and_then(|si| from.convert(si, to).ok());
                let source = value.map(|value| value.from.word());
                write!(out, ",{},{}", number(converted), source.unwrap_or_default())?;
            }
            let peak = event.peak.and_then(|peak| peak.to(units.peak).ok());
            let flag = peak.and_then(|peak| peak.flag).map(|flag| flag.word());
            let scaled_distance = event.scaled_distance.map(|value| value * scaled);
            let left_out = event.left_out.map(|reason| reason.words());
            write!(
                out,
                ",{},{},{},{}\r\n",
                number(scaled_distance),
                number(peak.map(|peak| peak.value)),
                flag.unwrap_or_default(),
                left_out.unwrap_or_default()
            )?;
        }
        Ok(())
    }
}

fn texts(event: &BlastEvent) -> [Option<&str>; 5] {
    [
        Some(&event.serial),
        Some(&event.filename),
        event.timestamp.as_deref(),
        event.project.as_deref(),
        event.location.as_deref(),
    ]
}

/// What a conversion adds behind the ninth decimal says nothing.
fn number(value: Option<f64>) -> String {
    value.map(|value| ((value * 1e9).round() / 1e9).to_string()).unwrap_or_default()
}
