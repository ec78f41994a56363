//! Pages that are filled from the top to the bottom, one after the other.

use crate::canvas::{Anchor, Canvas, Rect, pen};
use crate::language::Words;
use crate::render::Mark;
use crate::style::{Colour, Paper, Theme};
use crate::text::{Type, bold, one_line, regular};

/// Size of running text.
pub(crate) const TEXT: f64 = 8.6;
const LINE: f64 = 1.42;
/// The margins at the left and at the right.
pub(crate) const SIDE: f64 = 48.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 58.0;

/// Pages while they are filled.
pub(crate) struct Sheets {
    paper: Paper,
    words: &'static Words,
    pages: Vec<Canvas>,
    marks: Vec<Mark>,
    y: f64,
}

impl Sheets {
    pub(crate) fn new(paper: Paper, words: &'static Words) -> Self {
        let mut sheets = Self { paper, words, pages: Vec::new(), marks: Vec::new(), y: TOP };
        sheets.start_page();
        sheets
    }

    pub(crate) fn start_page(&mut self) {
        let (width, height) = self.paper.points();
        let mut page = Canvas::new(width, height, Theme::Light.palette());
        page.words = self.words;
        self.pages.push(page);
        self.y = TOP;
    }

    /// Takes a finished page; what follows begins on another one.
    pub(crate) fn push(&mut self, page: Canvas) {
        self.pages.push(page);
        self.y = f64::MAX;
    }

    /// Pages so far.
    pub(crate) fn count(&self) -> usize {
        self.pages.len()
    }

    /// The page that is filled.
    pub(crate) fn canvas(&mut self) -> &mut Canvas {
        self.pages.last_mut().expect("there is a page from the beginning")
    }

    /// What a page has for text: between the head and the foot.
    pub(crate) fn area(&self) -> Rect {
        let (width, height) = self.paper.points();
        Rect::new(SIDE, TOP, width - 2.0 * SIDE, height - TOP - BOTTOM)
    }

    /// The rest of the page.
    pub(crate) fn rest(&self) -> Rect {
        let area = self.area();
        let y = self.y.min(area.bottom());
        Rect { y, h: area.bottom() - y, ..area }
    }

    pub(crate) fn skip(&mut self, height: f64) {
        self.y += height;
    }

    /// Begins another page unless `height` is left of this one.
    pub(crate) fn reserve(&mut self, height: f64) {
        if self.y + height > self.area().bottom() && self.y > TOP {
            self.start_page();
        }
    }

    /// Takes `height` of the page, of the next one where this is too full.
    pub(crate) fn take(&mut self, height: f64) -> Rect {
        self.reserve(height);
        let area = Rect { y: self.y, h: height, ..self.area() };
        self.y += height;
        area
    }

    /// The title of a part of the document, which its outline lists. `following` is what has to fit below it.
    pub(crate) fn heading(&mut self, title: &str, following: f64) {
        let (size, above) = (14.0, if self.y > TOP { 20.0 } else { 0.0 });
        self.reserve(above + size * 2.0 + following);
        let above = if self.y > TOP { above } else { 0.0 };
        self.mark(title);
        let area = self.take(above + size * 1.9);
        let base = area.y + above + size * 0.8;
        let colours = self.canvas().palette;
        let title = bold(size).clip(title, area.w).into_owned();
        self.canvas().text((area.x, base), &title, bold(size), colours.ink, Anchor::Start);
        let y = base + size * 0.48;
        self.canvas().line((area.x, y), (area.right(), y), pen(colours.ink, 0.8));
    }

    pub(crate) fn subheading(&mut self, title: &str, following: f64) {
        let face = bold(9.6);
        self.reserve(24.0 + following);
        let area = self.take(24.0);
        let ink = self.canvas().palette.ink;
        let title = face.clip(title, area.w).into_owned();
        self.canvas().text((area.x, area.bottom() - 7.0), &title, face, ink, Anchor::Start);
    }

    /// Lists this place of the document in its outline.
    pub(crate) fn mark(&mut self, title: &str) {
        let (page, y) = (self.pages.len() - 1, (self.y - 16.0).clamp(0.0, 10_000.0));
        self.marks.push(Mark { title: one_line(title), page, y });
    }

    /// Running text over the whole width.
    pub(crate) fn paragraph(&mut self, text: &str) {
        let ink = self.canvas().palette.ink;
        self.lines(text, regular(TEXT), ink);
        self.skip(TEXT * 0.55);
    }

    /// A remark below a table or a chart.
    pub(crate) fn remark(&mut self, text: &str) {
        let soft = self.canvas().palette.soft_ink;
        self.lines(text, regular(7.4), soft);
        self.skip(2.5);
    }

    fn lines(&mut self, text: &str, face: Type, colour: Colour) {
        let width = self.area().w;
        for line in face.wrap(text, width, usize::MAX) {
            let area = self.take(face.size * LINE);
            let base = area.y + face.size;
            self.canvas().text((area.x, base), &line, face, colour, Anchor::Start);
        }
    }

    /// Labels on the left, words beside them.
    pub(crate) fn facts(&mut self, facts: &[(String, String)], label: f64) {
        let face = regular(TEXT);
        let width = self.area().w - label;
        for (name, words) in facts {
            let lines = face.wrap(words, width, usize::MAX);
            let height = TEXT * LINE;
            for (step, line) in lines.iter().enumerate() {
                let area = self.take(height);
                let base = area.y + TEXT;
                let colours = self.canvas().palette;
                if step == 0 {
                    let name = face.clip(name, label - 6.0).into_owned();
                    self.canvas().text(
                        (area.x, base),
                        &name,
                        face,
                        colours.soft_ink,
                        Anchor::Start,
                    );
                }
                self.canvas().text((area.x + label, base), line, face, colours.ink, Anchor::Start);
            }
            self.skip(2.0);
        }
    }

    /// The pages and the places of their outline.
    pub(crate) fn into_pages(self) -> (Vec<Canvas>, Vec<Mark>) {
        (self.pages, self.marks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn what_does_not_fit_goes_to_the_next_page_and_nothing_below_the_foot() {
        let mut sheets = Sheets::new(Paper::A4, Language::English.words());
        for _ in 0..200 {
            let bottom = sheets.take(100.0).bottom();
            assert!(bottom <= sheets.area().bottom());
        }
        assert_eq!(sheets.count(), 200usize.div_ceil(7));
    }

    #[test]
    fn what_is_higher_than_a_page_gets_a_page_and_no_empty_one_before_it() {
        let mut sheets = Sheets::new(Paper::Letter, Language::English.words());
        sheets.take(5000.0);
        sheets.take(5000.0);
        assert_eq!(sheets.count(), 2);
    }
}
