//! `wavekeep plan`

use std::path::Path;

use anyhow::Context;
use serde_json::json;
use wavekeep_archive::{Actor, Archive, Plan, PlanChange, PlanDone, Query};

use super::{look, open};
use crate::args::{Args, PlanArgs, PlanCommand};
use crate::exit::Account;
use crate::render;
use crate::terminal::outln;

/// Lists and sets plans, and places locations on them.
pub fn run(args: &Args, command: &PlanArgs) -> anyhow::Result<Account> {
    let changed = match &command.command {
        PlanCommand::List { archive, history } => {
            return list(args, &look(args, &archive.archive)?, *history);
        }
        PlanCommand::Set { picture, archive, of } => {
            set(&open(&archive.archive)?, picture, of.project.as_deref())?
        }
        PlanCommand::Remove { archive, of } => {
            open(&archive.archive)?.remove_plan(of.project.as_deref(), Actor::local())?
        }
        PlanCommand::Place { location, x, y, archive, of, .. } => {
            let archive = open(&archive.archive)?;
            let place = x.zip(*y).map(|(x, y)| [x, y]);
            let project = of.project.as_deref();
            let changed = archive.place_location(project, location, place, Actor::local())?;
            let of_location = Query::default().with_location(Some(location.clone()));
            if archive.query(&of_location.with_limit(Some(0)))?.total == 0 {
                // A slip of the pen would be a place of nothing.
                render::care(format_args!("no event of the archive is of location {location:?}"));
            }
            changed
        }
        PlanCommand::Undo { entry, archive } => {
            open(&archive.archive)?.undo_plan(*entry, Actor::local())?
        }
    };
    match args.json {
        true => outln!("{}", json!(changed)),
        false => outln!("{}", line(&changed)),
    }
    Ok(Account::default())
}

fn set(archive: &Archive, path: &Path, project: Option<&str>) -> anyhow::Result<PlanChange> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let picture =
        wavekeep_report::plan_picture(bytes).with_context(|| path.display().to_string())?;
    let name = path.file_name().map(|name| name.to_string_lossy());
    let changed = archive.set_plan(project, &picture, name.as_deref(), Actor::local());
    changed.with_context(|| path.display().to_string())
}

fn list(args: &Args, archive: &Archive, history: bool) -> anyhow::Result<Account> {
    let plans = archive.plans()?;
    if history {
        for change in &plans.history {
            match args.json {
                true => outln!("{}", json!(change)),
                false => outln!("{}", line(change)),
            }
        }
    } else {
        for plan in &plans.plans {
            match args.json {
                true => outln!("{}", json!(plan)),
                false => print(plan),
            }
        }
    }
    for entry in &plans.not_understood {
        render::care(format_args!(
            "entry {entry} of the ledger is of a plan that this version does not understand"
        ));
    }
    if plans.history.is_empty() && !args.json && !args.quiet {
        outln!("no plans: `wavekeep plan set` sets one");
    }
    Ok(Account { damaged: plans.not_understood.len(), ..Account::default() })
}

fn print(plan: &Plan) {
    let picture = &plan.picture;
    let name = picture.name.as_deref().unwrap_or("picture");
    let (width, height) = (picture.width, picture.height);
    outln!(
        "{}: {name}, {width} × {height} pixels; set by {} at {} (entry {})",
        of(plan.project.as_deref()),
        plan.who,
        plan.at,
        plan.entry
    );
    for place in &plan.places {
        let earlier = match place.on_this_picture {
            true => "",
            false => "; placed on an earlier picture: check it",
        };
        let (location, x, y) = (&place.location, place.x, place.y);
        outln!("  {location} at {x:.3}, {y:.3} (entry {}){earlier}", place.entry);
    }
}

fn of(project: Option<&str>) -> String {
    project.map_or("the archive".to_owned(), |project| format!("project {project:?}"))
}

/// A change in a line.
fn line(change: &PlanChange) -> String {
    let what = match &change.done {
        PlanDone::Picture { picture: Some(picture) } => {
            let name = picture.name.as_deref().unwrap_or("picture");
            format!("{name}, {} × {} pixels, is the plan", picture.width, picture.height)
        }
        PlanDone::Picture { picture: None } => "no plan any more".to_owned(),
        PlanDone::Place { location, place: Some([x, y]), .. } => {
            format!("{location} is at {x:.3}, {y:.3}")
        }
        PlanDone::Place { location, place: None, .. } => format!("{location} is not on the plan"),
        _ => "a change that this version does not know".to_owned(),
    };
    let undoes = change.undoes.map_or(String::new(), |entry| format!(", undoes entry {entry}"));
    let (who, at, entry) = (&change.who, &change.at, change.entry);
    format!("{}: {what}; {who} at {at} (entry {entry}{undoes})", of(change.project.as_deref()))
}
