//! What stands at the head and at the foot of every page.

use super::{Part, cover};
use crate::canvas::{Anchor, Canvas, pen};
use crate::sheets::SIDE;
use crate::text::{one_line, regular};

const SIZE: f64 = 7.4;

/// Company and period above a page.
pub(super) fn running_head(page: &mut Canvas, part: Part<'_>) {
    let colours = page.palette;
    let (left, right) = (SIDE, page.bounds().right() - SIDE);
    let face = regular(SIZE);
    let company = part.options.letterhead.company.as_deref().map(one_line);
    let title = company.unwrap_or_else(|| cover::title(part));
    let subject = part.content.projects.first().filter(|_| part.content.projects.len() == 1);
    let period = part.content.period.in_words(part.words);
    let words = match subject {
        Some(project) => format!("{} · {period}", one_line(project)),
        None => period,
    };
    let half = (right - left) / 2.0 - 8.0;
    page.text((left, 40.0), &face.clip(&title, half), face, colours.soft_ink, Anchor::Start);
    page.text((right, 40.0), &face.clip(&words, half), face, colours.soft_ink, Anchor::End);
    page.line((left, 46.0), (right, 46.0), pen(colours.frame, 0.5));
}

/// Print date, the company's line and the number of the page, between margins of `side`.
pub(super) fn running_foot(
    page: &mut Canvas,
    part: Part<'_>,
    side: f64,
    (number, of): (usize, usize),
) {
    let colours = page.palette;
    let bounds = page.bounds();
    let (left, right, y) = (side, bounds.right() - side, bounds.bottom() - 15.0);
    let face = regular(SIZE);
    let number = part.words.filled("page.number", &[("page", &number), ("pages", &of)]);
    page.text((right, y), &number, face, colours.ink, Anchor::End);
    let printed = printed(part);
    page.text((left, y), &printed, face, colours.soft_ink, Anchor::Start);
    if let Some(line) = &part.options.letterhead.footer {
        let used = face.width(&printed).max(face.width(&number)) * 2.0 + 24.0;
        let line = one_line(line);
        let line = face.clip(&line, right - left - used);
        page.text(((left + right) / 2.0, y), &line, face, colours.soft_ink, Anchor::Middle);
    }
}

/// When it was printed, and by what.
pub(super) fn printed(part: Part<'_>) -> String {
    let program = concat!("wavekeep ", env!("CARGO_PKG_VERSION"));
    match part.options.print_date {
        Some(date) => part
            .words
            .filled("page.printed", &[("date", &part.words.date(date)), ("program", &program)]),
        None => program.to_owned(),
    }
}
