//! `wavekeep level`

use anyhow::Context;
use serde_json::json;
use wavekeep_archive::{Actor, Archive, Judging, Level, LevelQuantity, Limit, Query, SetLevel};
use wavekeep_core::{DayOrMoment, UnitLocal};
use wavekeep_signal::Curve;

use super::{bar, count, look, open};
use crate::args::{Args, LevelArgs, LevelCommand, LevelPlaceArgs, SetLevelArgs};
use crate::exit::Account;
use crate::render;
use crate::terminal::{errln, outln};

/// Lists, sets and ends alarm levels.
pub fn run(args: &Args, command: &LevelArgs) -> anyhow::Result<Account> {
    match &command.command {
        LevelCommand::List { archive, all } => list(args, &look(args, &archive.archive)?, *all),
        LevelCommand::Set(command) => {
            let archive = open(&command.archive.archive)?;
            set(args, &archive, &command.place, level(command)?)
        }
        LevelCommand::End { archive, place, ground, air } => {
            let archive = open(&archive.archive)?;
            let ends = match (ground, air) {
                (true, _) => vec![LevelQuantity::Ground],
                (_, true) => vec![LevelQuantity::Air],
                _ => vec![LevelQuantity::Ground, LevelQuantity::Air],
            };
            set(args, &archive, place, Level::default().with_ends(ends))
        }
    }
}

/// The limits that were asked for.
fn level(command: &SetLevelArgs) -> anyhow::Result<Level> {
    let file = command.curves.as_ref().map(|path| {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    });
    let file = file.transpose()?;
    let limit = |id: &String| {
        let limit = match &file {
            Some(text) if Curve::built_in(id).is_none() => Limit::own(id, text),
            _ => Limit::built_in(id),
        };
        limit.with_distance_ft(command.distance_ft)
    };
    let air = command.air_curve.as_ref().map(limit).or(command.air_db.map(Limit::air_db_l));
    let warn = |limit: Limit| limit.with_warning_percent(command.warn);
    let ground = command.curve.as_ref().map(limit).map(warn);
    Ok(Level::default().with_ground(ground).with_air(air.map(warn)))
}

fn set(
    args: &Args,
    archive: &Archive,
    place: &LevelPlaceArgs,
    level: Level,
) -> anyhow::Result<Account> {
    let level = level
        .with_place(place.place())
        .with_from(place.from.map(DayOrMoment::first))
        .with_hours(place.hours)
        .with_reason(place.reason.clone());
    let of_place = Query::default()
        .with_project(level.place.project.clone())
        .with_location(level.place.location.clone())
        .with_serial(level.place.serial.clone());
    let events = archive.query(&of_place.with_limit(Some(0)))?.total;
    let set = archive.set_level(level, Actor::local())?;
    match args.json {
        true => outln!("{}", json!(set)),
        false => outln!("{}", line(&set)),
    }
    if events == 0 {
        // A slip of the pen would be in force for nothing.
        render::care(format_args!("no event of the archive is of {}", set.level.place));
    }
    judge(args, archive)?;
    Ok(Account::default())
}

/// Judges the events without a verdict, and says how many exceed or warn.
pub fn judge(args: &Args, archive: &Archive) -> anyhow::Result<()> {
    let judged = judged(args, archive)?;
    if judged.events > 0 && !args.quiet && !args.json {
        say(judged);
    }
    Ok(())
}

/// As [`judge`], and says it only when some exceed or warn: for what runs for days.
pub fn judge_beside(args: &Args, archive: &Archive) -> anyhow::Result<()> {
    let judged = judged(args, archive)?;
    if judged.exceeds + judged.warns > 0 && !args.quiet && !args.json {
        say(judged);
    }
    Ok(())
}

fn judged(args: &Args, archive: &Archive) -> anyhow::Result<Judging> {
    let progress = bar(args, 0, "events judged");
    let judged = archive.judge(&mut |done, total| {
        progress.set_length(total);
        progress.set_position(done);
    });
    progress.finish_and_clear();
    Ok(judged?)
}

fn say(judged: Judging) {
    let exceed = if judged.exceeds == 1 { "exceeds" } else { "exceed" };
    let warn = if judged.warns == 1 { "warns" } else { "warn" };
    errln!(
        "{} judged by the alarm levels: {} {exceed}, {} {warn}",
        count(judged.events, "event"),
        judged.exceeds,
        judged.warns
    );
}

fn list(args: &Args, archive: &Archive, all: bool) -> anyhow::Result<Account> {
    let levels = archive.levels()?;
    let now = UnitLocal(jiff::Zoned::now().datetime());
    let in_force: Vec<u64> = levels.now(now).iter().map(|set| set.entry).collect();
    let shown: Vec<&SetLevel> = match all {
        true => levels.all().iter().collect(),
        false => levels.now(now),
    };
    for set in &shown {
        let is_in_force = in_force.contains(&set.entry);
        match args.json {
            true => {
                let mut document = json!(set);
                document["in_force"] = is_in_force.into();
                outln!("{document}");
            }
            false if all && !is_in_force => outln!("{} (not in force)", line(set)),
            false => outln!("{}", line(set)),
        }
    }
    for entry in levels.not_understood() {
        render::care(format_args!(
            "entry {entry} of the ledger sets a level that this version does not understand: verdicts are without it"
        ));
    }
    if shown.is_empty() && !args.json && !args.quiet {
        outln!("no levels: `wavekeep level set` sets one");
    }
    Ok(Account { damaged: levels.not_understood().len(), ..Account::default() })
}

/// A level in a line.
fn line(set: &SetLevel) -> String {
    let level = &set.level;
    let mut parts = vec![level.place.to_string()];
    let limit = |what: &str, limit: &Limit| {
        let name = limit.to_curve().map_or_else(|_| limit.curve.clone(), |curve| curve.name);
        let distance = limit.distance_ft.map_or(String::new(), |feet| format!(" at {feet} ft"));
        format!(
            "{what}: {} ({name}){distance}, warning from {} %",
            limit.curve, limit.warning_percent
        )
    };
    parts.extend(level.ground.as_ref().map(|of| limit("ground", of)));
    parts.extend(level.air.as_ref().map(|of| limit("air", of)));
    parts.extend(level.ends.iter().map(|quantity| match quantity {
        LevelQuantity::Ground => "ground: ends".to_owned(),
        LevelQuantity::Air => "air: ends".to_owned(),
    }));
    parts.extend(level.from.map(|from| format!("from {from}")));
    parts.extend(level.hours.map(|hours| format!("at {hours}")));
    parts.extend(level.reason.clone());
    format!("{}; set by {} at {} (entry {})", parts.join("; "), set.who, set.at, set.entry)
}
