//! Prints the peaks that a report states.
//!
//! ```console
//! $ cargo run --example read_report -- M529LMOK_DK0W_ASCII.TXT
//! ```

use std::error::Error;
use std::fs::File;
use std::io::BufReader;

use wavekeep_report_text::{CHANNELS, Context, Form, read};

const FORM: Form = Form { name: "report", expected: "fields", microphone: None };

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: read_report REPORT.TXT")?;
    let context = Context { form: &FORM, file_start: None, limit_bytes: 16 << 20 };
    let report = read(&mut BufReader::new(File::open(&path)?), &context, None)?;
    for name in CHANNELS {
        if let Some(peak) = report.statement.channel(name).and_then(|channel| channel.peak) {
            println!("{name}: {}", peak.value);
        }
    }
    println!("{} lines were not understood", report.not_understood.kept.len());
    Ok(())
}
