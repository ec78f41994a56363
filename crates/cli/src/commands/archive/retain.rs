//! `wavekeep retain`: rules of how long events are kept.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use jiff::{Span, ToSpan, Zoned};
use serde::Deserialize;
use serde_json::json;
use wavekeep_archive::{Archive, Query};
use wavekeep_core::UnitLocal;

use super::leave::remove_all;
use super::{count, open};
use crate::args::{Args, Condition, RetainArgs};
use crate::exit::{Account, Usage};
use crate::terminal::outln;

/// A file of rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    #[serde(default, rename = "rule")]
    rules: Vec<toml::Table>,
}

/// Which events are kept for how long.
#[derive(Debug)]
struct Rule {
    query: Query,
    /// `None` for ever.
    keep: Option<Span>,
    reason: String,
    shown: String,
}

/// Removes what no rule keeps any longer; without `--yes`, says what that is.
pub fn run(args: &Args, command: &RetainArgs) -> anyhow::Result<Account> {
    let archive = open(&command.archive.archive)?;
    let rules = read(&command.rules)?;
    let now = Zoned::now().datetime();
    // The first rule decides: what an earlier one matches is none of a later one's.
    let mut decided = std::collections::HashSet::new();
    let mut account = Account::default();
    for rule in &rules {
        let all = archive.ids(&rule.query.clone().with_limit(Some(usize::MAX)))?;
        let over = match rule.keep {
            None => Vec::new(),
            Some(keep) => {
                let until = now.checked_sub(keep).context("`keep` is longer than time")?;
                let query = rule.query.clone().with_to(Some(UnitLocal(until)));
                archive.ids(&query.with_limit(Some(usize::MAX)))?
            }
        };
        let mut over: Vec<i64> = over.into_iter().filter(|id| !decided.contains(id)).collect();
        over.sort_unstable();
        let own = all.into_iter().filter(|id| !decided.contains(id)).collect::<Vec<_>>();
        // An old event may come in between the two questions.
        let kept = own.len().saturating_sub(over.len());
        decided.extend(own);
        say(args, command, rule, &over, kept, &archive)?;
        if command.yes && !over.is_empty() {
            let reason = format!("{} ({})", rule.reason, rule.shown);
            let removed = remove_all(args, &archive, &over, &reason, false)?;
            account.whole += removed.whole;
            account.failed += removed.failed;
        }
    }
    Ok(account)
}

fn say(
    args: &Args,
    command: &RetainArgs,
    rule: &Rule,
    over: &[i64],
    kept: usize,
    archive: &Archive,
) -> anyhow::Result<()> {
    if args.json {
        outln!(
            "{}",
            json!({ "rule": rule.shown, "kept": kept, "over": over, "removed": command.yes })
        );
        return Ok(());
    }
    if args.quiet {
        return Ok(());
    }
    outln!("{}: {} kept, {} over", rule.shown, count(kept as u64, "event"), over.len());
    if !command.yes {
        for id in over {
            let row = archive.event(*id)?;
            let at = row.timestamp.unwrap_or_default();
            outln!("  event {id}, {}/{}, {at}", row.serial, row.filename);
        }
        if !over.is_empty() {
            outln!("  nothing was removed: --yes does it");
        }
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Vec<Rule>> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("{shown}: cannot be read"))?;
    let rules: Rules = toml::from_str(&text).map_err(|error| Usage(format!("{shown}: {error}")))?;
    if rules.rules.is_empty() {
        return Err(Usage(format!("{shown}: there is no [[rule]] in it")).into());
    }
    let parsed = rules.rules.iter().enumerate().map(|(n, table)| {
        rule(table).map_err(|why| Usage(format!("{shown}: rule {}: {why}", n + 1)).into())
    });
    parsed.collect()
}

fn rule(table: &toml::Table) -> Result<Rule, String> {
    let text = |value: &toml::Value| match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Boolean(is_so) => Ok(if *is_so { "yes" } else { "no" }.to_owned()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Float(number) => Ok(number.to_string()),
        other => Err(format!("it is of the type {}, which is no condition", other.type_str())),
    };
    let mut rest: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in table {
        rest.insert(name, text(value).map_err(|why| format!("`{name}`: {why}"))?);
    }
    let keep = rest.remove("keep").ok_or("`keep` is missing: a time such as 18m, or forever")?;
    let reason = rest.remove("reason").unwrap_or_else(|| "retention".to_owned());
    let mut query = Query::default();
    let mut shown = Vec::new();
    for (name, value) in rest {
        if ["from", "to"].contains(&name) {
            return Err(format!("`{name}` is no condition of a rule: `keep` says how long"));
        }
        let condition: Condition = format!("{name}={value}").parse()?;
        condition.apply(&mut query)?;
        shown.push(format!("{name} {value}"));
    }
    let of = if shown.is_empty() { "all events".to_owned() } else { shown.join(", ") };
    Ok(Rule { query, keep: span(&keep)?, reason, shown: format!("{of}: {keep}") })
}

/// `90d`, `18m`, `2y` or `forever`.
fn span(text: &str) -> Result<Option<Span>, String> {
    let wrong = || format!("`keep` is {text:?}: 90d, 18m, 2y or forever was expected");
    if text == "forever" {
        return Ok(None);
    }
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    // A time of nothing would remove all.
    let n = digits.parse::<u16>().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
    match unit {
        "d" => Ok(Some(i64::from(n).days())),
        "m" => Ok(Some(i64::from(n).months())),
        "y" => Ok(Some(i64::from(n).years())),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_could_be_misunderstood_is_refused() {
        for (text, why) in [
            ("kind = 'histogram'", "`keep` is missing"),
            ("keep = '0d'", "was expected"),
            ("keep = 'd'", "was expected"),
            ("keep = ''", "was expected"),
            ("keep = '2w'", "was expected"),
            ("keep = '90d'\nserail = 'BE1'", "serail"),
            ("keep = '90d'\nto = '2026-01-01'", "`to` is no condition"),
            ("keep = '90d'\nproject = ['a']", "`project`: it is of the type array"),
        ] {
            let error = rule(&toml::from_str(text).unwrap()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        let good = rule(&toml::from_str("keep = '18m'\nfalse-trigger = true").unwrap()).unwrap();
        assert_eq!(good.query.false_trigger, Some(true));
        assert_eq!(good.shown, "false-trigger yes: 18m");
    }
}
