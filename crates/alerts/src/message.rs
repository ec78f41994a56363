//! What an alert says: a subject, a text, a picture, and the same as a document for programs.

use serde_json::{Value, json};
use wavekeep_archive::{Archive, EventRow, LevelVerdict};
use wavekeep_core::{Reading, Unit};
use wavekeep_report::{Drawing, Style, Units};
use wavekeep_signal::measure;

use crate::outbox::Item;
use crate::rules::Rules;

/// Width of the picture.
const PICTURE_PX: u32 = 900;
/// Events that are described one by one in a digest.
const MOST_DESCRIBED: usize = 50;

/// What is sent to one target.
#[derive(Debug, Clone)]
pub struct Message {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The traces of the event as PNG, where it is about one.
    pub picture: Option<Vec<u8>>,
    /// The same for programs.
    pub document: Value,
}

/// One alert in a message.
struct Part {
    subject: String,
    text: String,
    document: Value,
}

impl Message {
    /// The message for some items of one target. One that is about a single event has its picture; several
    /// are a digest. `None` where there is nothing to say any more: the events are gone, or no longer as
    /// they were.
    pub fn of(archive: &Archive, rules: &Rules, items: &[Item], unit: Unit) -> Option<Self> {
        let parts: Vec<(Part, Option<EventRow>)> =
            items.iter().filter_map(|item| part(archive, rules, item, unit)).collect();
        let (first, row) = parts.first()?;
        if let [(part, _)] = parts.as_slice() {
            let picture = row.as_ref().and_then(|row| picture(archive, row.id, unit));
            let document = json!({ "alerts": [part.document] });
            let (subject, text) = (part.subject.clone(), part.text.clone());
            return Some(Self { subject, text, picture, document });
        }
        let exceed = items.iter().filter(|item| item.key.starts_with("exceeds:")).count();
        let subject = match exceed {
            0 => format!("{} alerts; {}", parts.len(), first.subject),
            _ => format!("{} alerts, {exceed} exceed a level; {}", parts.len(), first.subject),
        };
        let mut text: String = parts
            .iter()
            .take(MOST_DESCRIBED)
            .map(|(part, _)| format!("{}\n{}\n\n", part.subject, part.text))
            .collect();
        if parts.len() > MOST_DESCRIBED {
            text += &format!("{} more are not described here.\n", parts.len() - MOST_DESCRIBED);
        }
        let documents: Vec<&Value> = parts.iter().map(|(part, _)| &part.document).collect();
        let document = json!({ "alerts": documents });
        Some(Self { subject, text, picture: None, document })
    }

    /// A message that shows that alerts arrive.
    pub fn trial() -> Self {
        let text = "This message was asked for with `wavekeep alerts test`. Alerts of this archive will arrive here.";
        Self {
            subject: "wavekeep: test of alerts".to_owned(),
            text: text.to_owned(),
            picture: None,
            document: json!({ "alerts": [], "test": true }),
        }
    }
}

fn part(
    archive: &Archive,
    rules: &Rules,
    item: &Item,
    unit: Unit,
) -> Option<(Part, Option<EventRow>)> {
    let occasion = item.key.split(':').next().unwrap_or_default();
    let Some(id) = item.event else {
        let text = item.text.clone().unwrap_or_default();
        let document = json!({ "key": item.key, "occasion": occasion, "text": text });
        let subject = text.trim_end_matches('.').to_owned();
        return Some((Part { subject, text, document }, None));
    };
    let row = archive.event(id).ok()?;
    // Somebody has looked at it since: what was held back is no news any more.
    if row.false_trigger || row.verdict.as_deref() != Some(occasion) {
        return None;
    }
    let part = of_event(rules, item, occasion, &row, unit);
    Some((part, Some(row)))
}

fn of_event(rules: &Rules, item: &Item, occasion: &str, row: &EventRow, unit: Unit) -> Part {
    let verdicts = row.verdicts();
    let word = if occasion == "exceeds" { "EXCEEDS" } else { "Warning" };
    let place: Vec<&str> =
        [row.project.as_deref(), row.location.as_deref()].into_iter().flatten().collect();
    let at = row.timestamp.as_deref().map_or_else(
        || "at an unknown time".to_owned(),
        |at| format!("{} (unit-local)", at.replace('T', " ")),
    );
    let ppv = row.ppv().map_or_else(|| "no PPV".to_owned(), |ppv| shown(ppv, unit));
    let subject = format!(
        "{word}: unit {}{}{}, {at}: {ppv}",
        row.serial,
        if place.is_empty() { "" } else { ", " },
        place.join(", ")
    );
    let mut lines = vec![
        format!("Unit: {}", row.serial),
        format!("Event: {}", row.filename),
        format!("Time: {at}"),
    ];
    for (label, value) in
        [("Project", &row.project), ("Location", &row.location), ("Client", &row.client)]
    {
        lines.extend(value.as_ref().map(|value| format!("{label}: {value}")));
    }
    let corrected: Vec<String> = serde_json::from_str(&row.corrected).unwrap_or_default();
    if corrected.iter().any(|name| ["project", "location", "client"].contains(&&**name)) {
        lines.push("(project, location or client were corrected)".to_owned());
    }
    lines.push(format!("PPV: {ppv}"));
    for (label, verdict) in [("Ground", &verdicts.ground), ("Air", &verdicts.air)] {
        lines.extend(
            verdict.as_ref().map(|verdict| format!("{label}: {}", sentence(verdict, unit))),
        );
    }
    for (is, words) in [
        (row.contradicted, "The report and the samples disagree."),
        (row.damaged, "The file is damaged or incomplete."),
        (row.assumed != "[]", "Some settings are assumed: see the event."),
    ] {
        if is {
            lines.push(words.to_owned());
        }
    }
    let url =
        rules.url.as_ref().map(|url| format!("{}/?event={}", url.trim_end_matches('/'), row.id));
    lines.extend(url.clone());
    let document = json!({ "key": item.key, "occasion": occasion, "event": row, "url": url });
    Part { subject, text: lines.join("\n"), document }
}

fn shown(reading: Reading, unit: Unit) -> String {
    reading.to(unit).unwrap_or(reading).to_string()
}

/// The sentence of the verdict with its level and curve. Values that are in other units than the reader's
/// are given in these too.
fn sentence(verdict: &LevelVerdict, unit: Unit) -> String {
    let also =
        verdict.value.filter(|value| value.unit != unit).and_then(|value| value.to(unit).ok());
    let also = also.map_or_else(String::new, |value| format!(" ({value})"));
    format!(
        "{}{also} Curve {}, level of entry {} in the ledger.",
        verdict.reason, verdict.curve, verdict.level
    )
}

/// The traces of an event; an alert is not held up by a picture that cannot be made.
fn picture(archive: &Archive, id: i64, unit: Unit) -> Option<Vec<u8>> {
    let recording = archive.recording(id).ok()?;
    let units = match unit {
        Unit::MillimetrePerSecond => Units::METRIC,
        _ => Units::IMPERIAL,
    };
    let style = Style::default().with_units(units);
    Drawing::traces(&recording, &measure(&recording), style).ok()?.png(PICTURE_PX).ok()
}
