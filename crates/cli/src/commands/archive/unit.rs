//! `wavekeep unit`

use std::io::Write;

use serde_json::json;
use wavekeep_archive::{Calibration, Reported, UnitFacts, UnitOptions};

use super::list::time;
use super::{count, look};
use crate::args::{Args, UnitArgs};
use crate::exit::Account;
use crate::terminal;

const NOT_STATED: &str = "not stated";
/// Width of the names.
const NAMES: usize = 14;

/// Prints what is known of a unit.
pub fn run(args: &Args, command: &UnitArgs) -> anyhow::Result<Account> {
    let archive = look(args, &command.archive.archive)?;
    let to = command.to.map_or_else(|| jiff::Zoned::now().date(), |to| to.first().0.date());
    let options = UnitOptions::to(to).with_calibration_months(command.calibration_months);
    let Some(unit) = archive.unit(&command.serial, &options)? else {
        anyhow::bail!("the archive has no event of a unit {:?}", command.serial);
    };
    let mut out = terminal::stdout();
    match args.json {
        true => writeln!(out, "{}", json!(unit))?,
        false => {
            writeln!(out, "{}", unit.summary.serial)?;
            for (name, value) in facts(&unit) {
                writeln!(out, "  {name:<NAMES$}{value}")?;
            }
        }
    }
    out.flush()?;
    Ok(Account::default())
}

fn facts(unit: &UnitFacts) -> Vec<(&'static str, String)> {
    let summary = &unit.summary;
    let not_stated = || NOT_STATED.to_owned();
    let mut facts = Vec::new();
    let last = match unit.last_event {
        Some(id) => format!("event {id}, {}", time(summary.last.as_deref())),
        None => not_stated(),
    };
    facts.push(("Last event", last));
    facts.push(("Last import", summary.last_captured_at.clone().unwrap_or_else(not_stated)));
    let log = unit.last_log.as_ref();
    let log =
        log.map(|row| format!("{} – {} (report of event {})", row.start, row.stop, row.event_id));
    facts.push(("Monitor log", log.unwrap_or_else(not_stated)));
    let battery = unit.battery.as_ref().map(|of| sourced(&of.reported));
    facts.push(("Battery", battery.unwrap_or_else(not_stated)));
    let calibration = unit.calibration.as_ref().map(calibrated);
    facts.push(("Calibration", calibration.unwrap_or_else(not_stated)));
    facts.push(("Memory", unit.memory.as_ref().map_or_else(not_stated, sourced)));
    for (turn, seen) in unit.firmware.iter().enumerate() {
        let name = if turn == 0 { "Firmware" } else { "" };
        let (first, last) = (time(seen.first.as_deref()), time(seen.last.as_deref()));
        let reports = count(seen.reports, "report");
        facts.push((name, format!("{} ({reports}, {first} – {last})", seen.text)));
    }
    if unit.firmware.is_empty() {
        facts.push(("Firmware", not_stated()));
    }
    for uptime in &unit.uptime {
        let hours = uptime.monitored_s / 3600.0;
        let share = 100.0 * uptime.share;
        let days = uptime.days;
        let value = match uptime.monitored_s > 0.0 {
            true => {
                format!("{hours:.1} h known in the {days} days up to {} ({share:.1} %)", unit.to)
            }
            false => format!("nothing known in the {days} days up to {}", unit.to),
        };
        facts.push((if uptime.days == 30 { "Monitored" } else { "" }, value));
    }
    let faults = &unit.faults;
    let value = format!(
        "{}: {} false triggers, {} saturated, {} damaged",
        count(faults.events, "event"),
        faults.false_triggers,
        faults.saturated,
        faults.damaged
    );
    facts.push(("Events", value));
    let names: Vec<&str> =
        unit.locations.iter().map(|of| of.location.as_deref().unwrap_or("–")).collect();
    facts.push(("Locations", names.join("; ")));
    for moved in &unit.moves {
        let reason = moved.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
        let (event, from, to) = (moved.event, &moved.from, &moved.to);
        let (at, who, entry) = (&moved.at, &moved.who, moved.entry);
        let value =
            format!("event {event} from {from} to {to}, {at}, {who} (entry {entry}){reason}");
        facts.push(("Moved", value));
    }
    facts
}

/// A text with its source.
fn sourced(reported: &Reported) -> String {
    let at = time(reported.at.as_deref());
    format!("{} (report of event {}, {at})", reported.text, reported.event)
}

fn calibrated(of: &Calibration) -> String {
    let due = match (of.due, of.due_in_days) {
        (Some(due), Some(days)) if days < 0 => format!("; was due on {due}"),
        (Some(due), Some(days)) => format!("; due on {due}, in {days} days"),
        _ => "; its date is not understood".to_owned(),
    };
    format!("{}{due}", sourced(&of.reported))
}
