//! Writes reports of a made-up month, to look at: `cargo run --example made_up_month -- FOLDER [EVENTS]`

#[allow(clippy::unwrap_used, reason = "it is made for tests")]
#[path = "../tests/it/fleet.rs"]
mod fleet;

use std::time::Instant;

use fleet::{Fleet, curve, gathered, may};
use wavekeep_period::{Language, Levels, Paper, ReportOptions, read_template};
use wavekeep_report::Units;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let folder = std::path::PathBuf::from(args.next().ok_or("give a folder")?);
    let events = args.next().map_or(Ok(80), |count| count.parse())?;
    let fleet = Fleet::may(events);
    let began = Instant::now();
    let levels = Levels::new(Some(curve("din-2")), Some(curve("osmre-air-2hz")))?;
    let report = gathered(&fleet, &may().with_levels(levels));
    println!("{events} events gathered in {:.2?}", began.elapsed());
    let template = folder.join("office.toml");
    for language in Language::ALL {
        let mut options = ReportOptions::default()
            .with_language(language)
            .with_print_date(Some("2026-06-01".parse()?))
            .with_appendix_pages(5);
        if template.is_file() {
            options = options.with_letterhead(read_template(&template)?);
        }
        if language == Language::English {
            options = options.with_paper(Paper::Letter);
        } else {
            options = options.with_units(Units::METRIC);
        }
        let began = Instant::now();
        let pdf = report.pdf(&fleet.archive, &options)?;
        println!("{language}: {} bytes in {:.2?}", pdf.len(), began.elapsed());
        std::fs::write(folder.join(format!("may-{language}.pdf")), pdf)?;
        std::fs::write(folder.join(format!("may-{language}.xlsx")), report.xlsx(&options)?)?;
    }
    let mut csv = Vec::new();
    report.csv(Units::METRIC, &mut csv)?;
    std::fs::write(folder.join("may.csv"), csv)?;
    Ok(())
}
