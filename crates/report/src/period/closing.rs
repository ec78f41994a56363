//! The end of a report: the ledger, the signatures, and what the appendix holds.

use super::letterhead::Signatory;
use super::{Appendix, Part};
use crate::canvas::{Anchor, pen};
use crate::sheets::Sheets;
use crate::text::{one_line, regular};

/// Who signs, at most.
const MOST_SIGNATURES: usize = 8;
const MOST_PARAGRAPHS: usize = 20;

pub(super) fn draw(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, options, words } = part;
    sheets.heading(words.text("closing.title"), 230.0);
    sheets.paragraph(words.text("closing.statement"));
    match &content.ledger {
        Some(ledger) => {
            sheets.facts(
                &[
                    (words.text("ledger.archive").to_owned(), one_line(&ledger.archive)),
                    (words.text("ledger.entries").to_owned(), words.count(ledger.size)),
                    (words.text("ledger.root").to_owned(), one_line(&ledger.root)),
                ],
                96.0,
            );
            sheets.remark(words.text("ledger.remark"));
        }
        None => sheets.remark(words.text("ledger.none")),
    }
    for paragraph in options.letterhead.closing.iter().take(MOST_PARAGRAPHS) {
        sheets.paragraph(&one_line(paragraph));
    }
    signatures(sheets, part);
}

/// Lines to sign on, two beside each other.
fn signatures(sheets: &mut Sheets, part: Part<'_>) {
    let words = part.words;
    let own = &part.options.letterhead.signatures;
    let nobody = [Signatory::default()];
    let all = if own.is_empty() { &nobody[..] } else { &own[..own.len().min(MOST_SIGNATURES)] };
    for pair in all.chunks(2) {
        let area = sheets.take(104.0);
        let canvas = sheets.canvas();
        let colours = canvas.palette;
        let width = area.w / 2.0 - 14.0;
        for (index, signatory) in pair.iter().enumerate() {
            let x = area.x + index as f64 * (width + 28.0);
            let mut line = |y: f64, label: &str| {
                canvas.line((x, y), (x + width, y), pen(colours.ink, 0.6));
                let face = regular(7.4);
                let label = face.clip(label, width);
                canvas.text((x, y + 9.5), &label, face, colours.soft_ink, Anchor::Start);
            };
            line(area.y + 44.0, words.text("closing.place_date"));
            let role = signatory.role.as_deref().map(one_line);
            let role = role.filter(|role| !role.is_empty());
            let name = signatory.name.as_deref().map(one_line).filter(|name| !name.is_empty());
            let signature = words.text("closing.signature");
            let below = [name, role].into_iter().flatten().collect::<Vec<_>>().join(", ");
            let label = if below.is_empty() {
                signature.to_owned()
            } else {
                format!("{signature}: {below}")
            };
            line(area.y + 88.0, &label);
        }
    }
}

/// The page before the event pages: which events they are of.
pub(super) fn appendix(sheets: &mut Sheets, part: Part<'_>, appendix: Appendix) {
    let words = part.words;
    sheets.start_page();
    sheets.heading(words.text("appendix.title"), 60.0);
    let (pages, of) = (appendix.pages as u64, appendix.of_interest as u64);
    sheets.paragraph(
        &words.filled("appendix.which", &[("pages", &words.count(pages)), ("n", &words.count(of))]),
    );
    sheets.paragraph(words.text("appendix.as_they_are"));
}
