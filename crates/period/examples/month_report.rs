//! Writes the report of a month: `cargo run --example month_report -- fleet 2026-05 may.pdf`

use std::sync::atomic::AtomicBool;

use wavekeep_archive::Archive;
use wavekeep_period::{Levels, PeriodReport, PeriodRequest, ReportOptions};
use wavekeep_signal::Curve;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(folder), Some(period), Some(file)) = (args.next(), args.next(), args.next()) else {
        return Err("give an archive, a period such as 2026-05, and the file to write".into());
    };
    let archive = Archive::open_to_read(folder)?;
    let levels = Levels::new(Curve::built_in("osmre").cloned(), None)?;
    let request = PeriodRequest::new(period.parse()?).with_levels(levels);
    let report = PeriodReport::gather(&archive, &request, &AtomicBool::new(false))?;
    std::fs::write(&file, report.pdf(&archive, &ReportOptions::default())?)?;
    println!("{file}: {} events", report.content().events.len());
    Ok(())
}
