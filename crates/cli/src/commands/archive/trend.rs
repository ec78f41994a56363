//! `wavekeep trend`

use std::io::Write;

use serde_json::json;
use wavekeep_archive::{DayPeak, LevelSpan, TrendDay};

use super::list::shown;
use super::{count, look};
use crate::args::{Args, TrendArgs};
use crate::exit::Account;
use crate::render;
use crate::terminal;

/// Prints what was measured day by day.
pub fn run(args: &Args, command: &TrendArgs) -> anyhow::Result<Account> {
    let archive = look(args, &command.archive.archive)?;
    let trend = archive.trend(&command.filter.query(&archive)?)?;
    let mut out = terminal::stdout();
    if args.json {
        writeln!(out, "{}", json!(trend))?;
    } else if !trend.days.is_empty() {
        let heads = [
            "DAY (UNIT-LOCAL)",
            ">EVENTS",
            ">FALSE",
            ">PPV in/s",
            ">TRAN",
            ">VERT",
            ">LONG",
            ">MIC dB(L)",
            ">EXCEED",
            ">WARN",
            ">MONITORED",
        ];
        writeln!(out, "{}", render::plain_table(&heads, trend.days.iter().map(cells)))?;
        if !args.quiet {
            for span in &trend.levels {
                writeln!(out, "{}", line(span))?;
            }
            let mut parts = vec![count(trend.events, "event")];
            if trend.false_triggers > 0 {
                parts.push(format!("{} left out", count(trend.false_triggers, "false trigger")));
            }
            if trend.without_time > 0 {
                parts.push(format!("{} without a time, on no day", trend.without_time));
            }
            writeln!(out, "{}", parts.join(", "))?;
        }
    }
    out.flush()?;
    if trend.days.is_empty() && trend.events + trend.false_triggers == 0 {
        anyhow::bail!("no event matches");
    }
    Ok(Account::default())
}

fn cells(day: &TrendDay) -> [String; 11] {
    let peak = |peak: Option<DayPeak>| shown(peak.map(|peak| peak.reading));
    [
        day.day.to_string(),
        day.events.to_string(),
        day.false_triggers.to_string(),
        peak(day.ppv),
        peak(day.tran),
        peak(day.vert),
        peak(day.long),
        peak(day.pspl),
        (day.ground.exceeds + day.air.exceeds).to_string(),
        (day.ground.warns + day.air.warns).to_string(),
        monitored(day.monitored_s),
    ]
}

/// How much of a day is known to be monitored; of the rest nothing is known.
pub(super) fn monitored(seconds: f64) -> String {
    if seconds <= 0.0 {
        return "not known".to_owned();
    }
    // A day has 86,400 seconds.
    let minutes = (seconds / 60.0).round() as u64;
    match minutes {
        1440.. => "all day".to_owned(),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

/// A level and its time in a line.
fn line(span: &LevelSpan) -> String {
    let limits = match (span.lowest, span.highest) {
        (Some(low), Some(high)) if low == high => format!(", {low}"),
        (Some(low), Some(high)) => format!(", {low} to {high}"),
        _ => String::new(),
    };
    let hours = span.set.level.hours.map_or(String::new(), |hours| format!(" at {hours}"));
    let from = span.starts.map_or("always".to_owned(), |from| format!("from {from}"));
    let to = span.stops.map_or(String::new(), |to| format!(" until {to}"));
    let quantity = match span.quantity {
        wavekeep_archive::LevelQuantity::Ground => "ground",
        wavekeep_archive::LevelQuantity::Air => "air",
    };
    format!("{quantity}: {}{limits}{hours}, {from}{to} ({})", span.name, span.set.level.place)
}
