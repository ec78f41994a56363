//! Tables that go on over pages, with their heads on each.

use crate::canvas::{Anchor, Rect, pen};
use crate::sheets::Sheets;
use crate::text::{Type, bold, regular};

/// How the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// At the left.
    Words,
    /// At the right.
    Right,
    /// With the decimal marks below each other.
    Decimal,
}

/// A column of a table.
pub(crate) struct Column {
    /// Its head, up to two lines.
    head: [String; 2],
    width: f64,
    align: Align,
}

impl Column {
    pub(crate) fn new(head: &str, width: f64, align: Align) -> Self {
        Self { head: [head.to_owned(), String::new()], width, align }
    }

    /// A second line in the head: the unit.
    pub(crate) fn with_unit(mut self, unit: &str) -> Self {
        self.head[1] = unit.to_owned();
        self
    }
}

/// A row of a table.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) cells: Vec<String>,
    /// Words below the cells, over the whole width from the second column on.
    pub(crate) note: String,
    /// Printed boldly, with a bar at its left.
    pub(crate) is_marked: bool,
    /// Printed in soft ink: what does not count.
    pub(crate) is_soft: bool,
}

impl Row {
    pub(crate) fn of(cells: impl IntoIterator<Item = String>) -> Self {
        Self { cells: cells.into_iter().collect(), ..Self::default() }
    }
}

/// A table.
pub(crate) struct Table {
    columns: Vec<Column>,
    size: f64,
    /// Above the heads of the pages that follow the first one.
    continued: String,
    mark: char,
}

const PADDING: f64 = 3.0;
/// Lines of a note, at most: a page has to hold a row.
const MOST_NOTE_LINES: usize = 6;

impl Table {
    /// A table with letters of `size`. `continued` stands above its heads from the second page on; `mark`
    /// is the decimal mark.
    pub(crate) fn new(columns: Vec<Column>, size: f64, continued: &str, mark: &str) -> Self {
        let mark = mark.chars().next().unwrap_or('.');
        Self { columns, size, continued: continued.to_owned(), mark }
    }

    fn line(&self) -> f64 {
        self.size * 1.62
    }

    /// Draws it from where the pages end.
    pub(crate) fn draw(&self, sheets: &mut Sheets, rows: &[Row]) {
        let fractions: Vec<f64> = (0..self.columns.len())
            .map(|column| {
                let all = rows.iter().filter_map(|row| row.cells.get(column));
                all.map(|cell| self.fraction(cell, bold(self.size))).fold(0.0, f64::max)
            })
            .collect();
        let note_width = sheets.area().w - self.columns.first().map_or(0.0, |first| first.width);
        let note = regular(self.size * 0.94);
        sheets.reserve(self.line() * 4.5);
        self.heads(sheets, false);
        for row in rows {
            let notes = note.wrap(&row.note, note_width - PADDING, MOST_NOTE_LINES);
            let height = self.line()
                + notes.len() as f64 * note.size * 1.3
                + if notes.is_empty() { 0.0 } else { self.size * 0.25 };
            if sheets.rest().h < height {
                sheets.start_page();
                self.heads(sheets, true);
            }
            let area = sheets.take(height);
            let canvas = sheets.canvas();
            let colours = canvas.palette;
            let face = if row.is_marked { bold(self.size) } else { regular(self.size) };
            let ink = if row.is_soft { colours.soft_ink } else { colours.ink };
            let base = area.y + self.size * 1.18;
            if row.is_marked {
                let bar = Rect::new(area.x - 5.0, area.y + 1.2, 2.2, height - 2.4);
                canvas.fill(bar, colours.warning);
            }
            let mut x = area.x;
            for ((column, cell), fraction) in self.columns.iter().zip(&row.cells).zip(&fractions) {
                let cell = face.clip(cell, column.width - PADDING);
                let (at, anchor) = match column.align {
                    Align::Words => (x, Anchor::Start),
                    Align::Right => (x + column.width - PADDING, Anchor::End),
                    Align::Decimal => {
                        let behind = fraction - self.fraction(&cell, face);
                        // A cell without room for it keeps within its column.
                        let room = column.width - PADDING - face.width(&cell);
                        (x + column.width - PADDING - behind.min(room.max(0.0)), Anchor::End)
                    }
                };
                canvas.text((at, base), &cell, face, ink, anchor);
                x += column.width;
            }
            let x = area.x + self.columns.first().map_or(0.0, |first| first.width);
            for (step, line) in notes.iter().enumerate() {
                let y = base + self.size * 0.25 + (step + 1) as f64 * note.size * 1.3;
                canvas.text((x, y), line, note, colours.soft_ink, Anchor::Start);
            }
            let y = area.bottom();
            canvas.line((area.x, y), (area.right(), y), pen(colours.grid, 0.5));
        }
        sheets.skip(6.0);
    }

    /// Width of what stands behind the last digit before the decimal mark.
    fn fraction(&self, cell: &str, face: Type) -> f64 {
        cell.rfind(self.mark).map_or(0.0, |at| face.width(&cell[at..]))
    }

    fn heads(&self, sheets: &mut Sheets, is_continued: bool) {
        if is_continued {
            let area = sheets.take(14.0);
            let canvas = sheets.canvas();
            let (face, soft) = (regular(7.4), canvas.palette.soft_ink);
            canvas.text((area.x, area.y + 7.4), &self.continued, face, soft, Anchor::Start);
        }
        let has_units = self.columns.iter().any(|column| !column.head[1].is_empty());
        let (face, unit_face) = (bold(self.size), regular(self.size * 0.94));
        let line = self.size * 1.3;
        let height = line * if has_units { 2.0 } else { 1.0 } + self.size * 0.7;
        let area = sheets.take(height);
        let canvas = sheets.canvas();
        let colours = canvas.palette;
        let mut x = area.x;
        for column in &self.columns {
            let (at, anchor) = match column.align {
                Align::Words => (x, Anchor::Start),
                Align::Right | Align::Decimal => (x + column.width - PADDING, Anchor::End),
            };
            for (step, (text, face)) in column.head.iter().zip([face, unit_face]).enumerate() {
                let y = area.y + self.size + line * step as f64;
                let text = face.clip(text, column.width - 1.0);
                let ink = if step == 0 { colours.ink } else { colours.soft_ink };
                canvas.text((at, y), &text, face, ink, anchor);
            }
            x += column.width;
        }
        let y = area.bottom();
        canvas.line((area.x, y), (area.right(), y), pen(colours.ink, 0.7));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::style::Paper;

    fn drawn(rows: usize) -> Vec<String> {
        let columns = vec![
            Column::new("Number", 60.0, Align::Right),
            Column::new("Value", 80.0, Align::Decimal).with_unit("in/s"),
        ];
        let table = Table::new(columns, 7.0, "continued", ".");
        let rows: Vec<Row> =
            (0..rows).map(|n| Row::of([format!("n{n}"), format!("{n}.5")])).collect();
        let mut sheets = Sheets::new(Paper::A4, Language::English.words());
        table.draw(&mut sheets, &rows);
        sheets.into_pages().0.into_iter().map(|page| page.finish("t")).collect()
    }

    #[test]
    fn every_page_has_the_heads_and_every_row_stands_once() {
        let pages = drawn(300);
        assert!(pages.len() > 3);
        for page in &pages {
            assert_eq!(page.matches(">Number<").count(), 1);
            assert_eq!(page.matches(">in/s<").count(), 1);
        }
        let all = pages.concat();
        for n in 0..300 {
            assert_eq!(all.matches(&format!(">n{n}<")).count(), 1, "{n}");
        }
        assert_eq!(all.matches(">continued<").count(), pages.len() - 1);
    }

    #[test]
    fn a_table_without_rows_has_its_heads() {
        let pages = drawn(0);
        assert_eq!((pages.len(), pages[0].matches(">Number<").count()), (1, 1));
    }
}
