//! The report as a workbook: numbers as numbers, times as times.

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use wavekeep_core::{Frequency, Unit, UnitLocal};
use wavekeep_report::{PeakOf, PeriodContent, PeriodEvent, Standing, Stretch, Words, one_line};
use wavekeep_signal::Verdict;

use crate::csv::flag_word;
use crate::error::PeriodError;
use crate::gather::PeriodReport;
use crate::pdf::ReportOptions;

impl From<XlsxError> for PeriodError {
    fn from(error: XlsxError) -> Self {
        Self::Workbook(error.to_string())
    }
}

impl PeriodReport {
    /// The report as an XLSX workbook: summary, events, events without a time, units, known monitoring.
    ///
    /// # Errors
    /// [`PeriodError::Workbook`].
    pub fn xlsx(&self, options: &ReportOptions) -> Result<Vec<u8>, PeriodError> {
        let words = options.language.words();
        let content = self.content();
        let mut book = Workbook::new();
        let mut about = DocProperties::new().set_title(words.text("cover.title"));
        // The workbook would carry the time of its making otherwise.
        let made = options.print_date.unwrap_or(content.period.last_day());
        let made =
            (made.year().unsigned_abs(), made.month().unsigned_abs(), made.day().unsigned_abs());
        about = about.set_creation_datetime(&ExcelDateTime::from_ymd(
            made.0.max(1900),
            made.1,
            made.2,
        )?);
        book.set_properties(&about);
        let sheet = Sheet { words, styles: Styles::of(words), unit: options.units.velocity() };
        sheet.summary(book.add_worksheet(), content, options)?;
        sheet.events(book.add_worksheet(), content, &content.events, "sheet.events")?;
        if !content.without_time.is_empty() {
            let events = &content.without_time;
            sheet.events(book.add_worksheet(), content, events, "sheet.without_time")?;
        }
        sheet.units(book.add_worksheet(), content)?;
        sheet.monitored(book.add_worksheet(), content)?;
        Ok(book.save_to_buffer()?)
    }
}

struct Styles {
    title: Format,
    head: Format,
    label: Format,
    wrapped: Format,
    moment: Format,
    marked: Format,
}

impl Styles {
    fn of(words: &Words) -> Self {
        let form = |key: &str| {
            // The names of parts of dates in a workbook are the same in every language.
            words.text(key).replace("{yyyy}", "yyyy").replace("{mm}", "mm").replace("{dd}", "dd")
        };
        let day = form("forms.date");
        Self {
            title: Format::new().set_bold().set_font_size(14),
            head: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_border_bottom(FormatBorder::Thin),
            label: Format::new().set_align(FormatAlign::Top),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            moment: Format::new().set_num_format(format!("{day} hh:mm:ss")),
            marked: Format::new().set_bold(),
        }
    }
}

struct Sheet {
    words: &'static Words,
    styles: Styles,
    unit: Unit,
}

impl Sheet {
    fn begin<'a>(
        &self,
        sheet: &'a mut Worksheet,
        name: &str,
    ) -> Result<&'a mut Worksheet, XlsxError> {
        sheet.set_name(self.words.text(name))
    }

    fn summary(
        &self,
        sheet: &mut Worksheet,
        content: &PeriodContent,
        options: &ReportOptions,
    ) -> Result<(), XlsxError> {
        let words = self.words;
        let sheet = self.begin(sheet, "sheet.summary")?;
        sheet.set_column_width(0, 42)?.set_column_width(1, 60)?;
        let title = options.letterhead.title.as_deref().map(one_line);
        let title = title.unwrap_or_else(|| words.text("cover.title").to_owned());
        sheet.write_string_with_format(0, 0, title, &self.styles.title)?;
        sheet.write_string(1, 0, content.period.in_words(words))?;
        let mut row = 3;
        let mut text = |sheet: &mut Worksheet, key: &str, value: String| {
            if !value.is_empty() {
                sheet.write_string_with_format(row, 0, words.text(key), &self.styles.label)?;
                sheet.write_string_with_format(row, 1, value, &self.styles.wrapped)?;
                row += 1;
            }
            Ok::<(), XlsxError>(())
        };
        let joined = |names: &[String]| {
            cut(&names.iter().map(|it| one_line(it)).collect::<Vec<_>>().join(", "))
        };
        text(sheet, "cover.project", joined(&content.projects))?;
        text(sheet, "cover.client", joined(&content.clients))?;
        text(sheet, "cover.location", joined(&content.locations))?;
        text(sheet, "cover.conditions", joined(&content.conditions))?;
        let curve = |curve: &Option<wavekeep_signal::Curve>| {
            let none = || words.text("limits.none").to_owned();
            curve.as_ref().map_or_else(none, |curve| words.curve_name(curve))
        };
        text(sheet, "cover.ground_level", curve(&content.levels.ground))?;
        text(sheet, "cover.air_level", curve(&content.levels.air))?;
        text(sheet, "table.unit_local", words.text("cover.unit_local").to_owned())?;
        if let Some(ledger) = &content.ledger {
            text(sheet, "ledger.archive", ledger.archive.clone())?;
            text(sheet, "ledger.entries", ledger.size.to_string())?;
            text(sheet, "ledger.root", ledger.root.clone())?;
        }
        row += 1;
        let counts = [
            ("summary.events", content.counted().count() as u64),
            (
                "summary.false_triggers",
                content.events.iter().filter(|event| event.false_trigger).count() as u64,
            ),
            ("summary.exceeding", content.of_standing(Standing::Exceeds)),
            ("summary.warning", content.of_standing(Standing::Warns)),
            ("summary.no_verdict", content.of_standing(Standing::NoVerdict)),
            ("summary.within", content.of_standing(Standing::Within)),
            ("summary.without_time", content.without_time.len() as u64),
            ("summary.streams", content.streams),
        ];
        for (key, count) in counts {
            sheet.write_string(row, 0, words.text(key))?;
            sheet.write_number(row, 1, count as f64)?;
            row += 1;
        }
        self.largest(sheet, content, row + 1)
    }

    fn largest(
        &self,
        sheet: &mut Worksheet,
        content: &PeriodContent,
        first: u32,
    ) -> Result<(), XlsxError> {
        let words = self.words;
        sheet.write_string_with_format(first, 0, words.text("largest.title"), &self.styles.head)?;
        let heads = [
            words.text("largest.value"),
            words.text("largest.unit"),
            "Hz",
            words.text("largest.time"),
            words.text("table.event"),
        ];
        for (column, head) in (1..).zip(heads) {
            sheet.write_string_with_format(first, column, head, &self.styles.head)?;
        }
        for (row, of) in (first + 1..).zip(PeakOf::ALL) {
            sheet.write_string(row, 0, of.word())?;
            let Some((event, peak)) = content.largest(of) else { continue };
            let shown = match of {
                PeakOf::Microphone => peak.reading,
                _ => peak.reading.to(self.unit).unwrap_or(peak.reading),
            };
            self.value(sheet, row, 1, shown)?;
            sheet.write_string(row, 2, shown.unit.to_string())?;
            self.hertz(sheet, row, 3, peak.frequency)?;
            if let Some(at) = peak.at.or(event.start) {
                self.moment(sheet, row, 4, at)?;
            }
            sheet.write_number(row, 5, event.id as f64)?;
        }
        Ok(())
    }

    fn events(
        &self,
        sheet: &mut Worksheet,
        content: &PeriodContent,
        events: &[PeriodEvent],
        name: &str,
    ) -> Result<(), XlsxError> {
        let words = self.words;
        let sheet = self.begin(sheet, name)?;
        let unit = self.unit;
        let mut heads: Vec<(String, u32)> = vec![
            (words.text("table.number").to_owned(), 7),
            (words.text("table.time").to_owned(), 20),
            (words.text("table.unit").to_owned(), 10),
            (words.text("cover.location").to_owned(), 24),
            (words.text("sources.file").to_owned(), 30),
        ];
        for of in PeakOf::GEOPHONES {
            heads.push((format!("{} ({unit})", of.word()), 10));
            heads.push((format!("{} (Hz)", of.word()), 10));
        }
        heads.push((format!("PVS ({unit})"), 10));
        heads.push(("MicL (dB)".to_owned(), 10));
        heads.push(("MicL (Hz)".to_owned(), 10));
        for key in ["table.verdict", "sheet.ground_share", "sheet.air_share", "sheet.remarks"] {
            heads.push((words.text(key).to_owned(), if key == "sheet.remarks" { 50 } else { 14 }));
        }
        heads.push((words.text("sources.bytes").to_owned(), 10));
        heads.push(("SHA-256".to_owned(), 68));
        for (column, (head, width)) in (0..).zip(&heads) {
            sheet.write_string_with_format(0, column, head, &self.styles.head)?;
            sheet.set_column_width(column, *width)?;
        }
        sheet.set_freeze_panes(1, 1)?;
        let last = u16::try_from(heads.len()).unwrap_or(u16::MAX) - 1;
        if !events.is_empty() {
            let rows = u32::try_from(events.len()).unwrap_or(u32::MAX);
            sheet.autofilter(0, 0, rows, last)?;
        }
        for (row, event) in (1..).zip(events) {
            self.event(sheet, row, content, event)?;
        }
        Ok(())
    }

    fn event(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        content: &PeriodContent,
        event: &PeriodEvent,
    ) -> Result<(), XlsxError> {
        let words = self.words;
        sheet.write_number(row, 0, event.id as f64)?;
        if let Some(start) = event.start {
            self.moment(sheet, row, 1, start)?;
        }
        sheet.write_string(row, 2, one_line(&event.serial))?;
        if let Some(location) = &event.location {
            sheet.write_string(row, 3, one_line(location))?;
        }
        sheet.write_string(row, 4, one_line(&event.file_name))?;
        let mut column = 5;
        for of in PeakOf::ALL {
            let peak = event.peak(of);
            if let Some(peak) = peak {
                let shown = match of {
                    PeakOf::Microphone => peak.reading,
                    _ => peak.reading.to(self.unit).unwrap_or(peak.reading),
                };
                self.value(sheet, row, column, shown)?;
            }
            column += 1;
            if of != PeakOf::VectorSum {
                self.hertz(
                    sheet,
                    row,
                    column,
                    peak.map_or(Frequency::NotAvailable, |it| it.frequency),
                )?;
                column += 1;
            }
        }
        let warn = content.levels.warn_percent;
        let verdict = words.standing(event, warn);
        match event.standing(warn) == Standing::Exceeds && !event.false_trigger {
            true => sheet.write_string_with_format(row, column, verdict, &self.styles.marked)?,
            false => sheet.write_string(row, column, verdict)?,
        };
        for (column, verdict) in (column + 1..).zip([&event.ground, &event.air]) {
            self.share(sheet, row, column, verdict.as_ref())?;
        }
        let mut remarks = words.remarks(event, self.unit);
        remarks.extend(self.bounds(event));
        sheet.write_string(row, column + 3, cut(&remarks.join("; ")))?;
        if let Some(bytes) = event.bytes {
            sheet.write_number(row, column + 4, bytes as f64)?;
        }
        if let Some(sha256) = &event.sha256 {
            sheet.write_string(row, column + 5, one_line(sha256))?;
        }
        Ok(())
    }

    /// Which values are bounds: a number alone does not say so.
    fn bounds(&self, event: &PeriodEvent) -> Vec<String> {
        let of_flag = |of: PeakOf| {
            let flag = event.peak(of)?.reading.flag?;
            Some(format!("{} {} ({})", flag.sign(), of.word(), flag_word(Some(flag))))
        };
        PeakOf::ALL.into_iter().filter_map(of_flag).collect()
    }

    /// A value: a number where it is one, a text with its sign where it is a bound.
    fn value(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        reading: wavekeep_core::Reading,
    ) -> Result<(), XlsxError> {
        let decimals = usize::from(reading.decimals.unwrap_or(reading.unit.usual_decimals()));
        if reading.flag.is_some() {
            let text = self.words.digits(reading, reading.unit);
            sheet.write_string(row, column, text)?;
        } else if reading.value.is_finite() {
            let zeros = "0".repeat(decimals.min(9));
            let form = if zeros.is_empty() { "0".to_owned() } else { format!("0.{zeros}") };
            let form = Format::new().set_num_format(form);
            sheet.write_number_with_format(row, column, reading.value, &form)?;
        }
        Ok(())
    }

    fn hertz(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        frequency: Frequency,
    ) -> Result<(), XlsxError> {
        match frequency {
            Frequency::NotAvailable => {}
            Frequency::Hertz(hz) => {
                // As it is printed, with its digits.
                let digits = frequency.to_string();
                let value = digits.trim_end_matches(" Hz").parse().unwrap_or(hz.value);
                sheet.write_number(row, column, value)?;
            }
            bound => {
                sheet.write_string(row, column, self.words.hertz(bound))?;
            }
        }
        Ok(())
    }

    fn share(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        verdict: Option<&Verdict>,
    ) -> Result<(), XlsxError> {
        let Some(verdict) = verdict else { return Ok(()) };
        let Some(margin) = verdict.margin_percent else { return Ok(()) };
        let share = 100.0 - margin;
        match verdict.value.and_then(|value| value.flag) {
            Some(flag) => {
                let text = format!("{}{}", flag.sign(), self.words.number(share, 1));
                sheet.write_string(row, column, text)?;
            }
            None => {
                let form = Format::new().set_num_format("0.0");
                sheet.write_number_with_format(row, column, share, &form)?;
            }
        }
        Ok(())
    }

    /// A moment as a workbook has it; as a text where its calendar does not reach.
    fn moment(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        at: UnitLocal,
    ) -> Result<(), XlsxError> {
        let (date, time) = (at.0.date(), at.0.time());
        let whole = |part: i8| part.unsigned_abs();
        let day = ExcelDateTime::from_ymd(
            date.year().unsigned_abs(),
            whole(date.month()),
            whole(date.day()),
        );
        let moment = day.and_then(|day| {
            day.and_hms(whole(time.hour()).into(), whole(time.minute()), f64::from(time.second()))
        });
        match moment {
            Ok(moment) => {
                sheet.write_datetime_with_format(row, column, &moment, &self.styles.moment)?;
            }
            Err(_) => {
                sheet.write_string(row, column, self.words.moment(at))?;
            }
        }
        Ok(())
    }

    fn units(&self, sheet: &mut Worksheet, content: &PeriodContent) -> Result<(), XlsxError> {
        let words = self.words;
        let sheet = self.begin(sheet, "sheet.units")?;
        let heads = [
            ("table.unit", 12),
            ("cover.location", 40),
            ("monitoring.calibration", 40),
            ("summary.event_count", 12),
            ("summary.false_triggers", 16),
            ("monitoring.known", 16),
            ("monitoring.share", 16),
        ];
        for (column, (key, width)) in (0..).zip(heads) {
            sheet.write_string_with_format(0, column, words.text(key), &self.styles.head)?;
            sheet.set_column_width(column, width)?;
        }
        let length = content.period.stretch().seconds();
        for (row, unit) in (1..).zip(&content.units) {
            let joined = |texts: &[String]| {
                cut(&texts.iter().map(|it| one_line(it)).collect::<Vec<_>>().join("; "))
            };
            sheet.write_string(row, 0, one_line(&unit.serial))?;
            sheet.write_string(row, 1, joined(&unit.locations))?;
            sheet.write_string(row, 2, joined(&unit.calibrations))?;
            sheet.write_number(row, 3, unit.events as f64)?;
            sheet.write_number(row, 4, unit.false_triggers as f64)?;
            if !unit.monitored.is_empty() {
                let known: f64 = unit.monitored.iter().map(Stretch::seconds).sum();
                sheet.write_string(row, 5, words.duration(known))?;
                let form = Format::new().set_num_format("0.0 %");
                sheet.write_number_with_format(row, 6, known / length, &form)?;
            } else {
                sheet.write_string(row, 5, words.text("monitoring.not_known"))?;
            }
        }
        Ok(())
    }

    fn monitored(&self, sheet: &mut Worksheet, content: &PeriodContent) -> Result<(), XlsxError> {
        let words = self.words;
        let sheet = self.begin(sheet, "sheet.monitored")?;
        for (column, (key, width)) in
            (0..).zip([("table.unit", 12), ("monitoring.from", 22), ("monitoring.to", 22)])
        {
            sheet.write_string_with_format(0, column, words.text(key), &self.styles.head)?;
            sheet.set_column_width(column, width)?;
        }
        let all = content
            .units
            .iter()
            .flat_map(|unit| unit.monitored.iter().map(move |stretch| (unit, stretch)));
        for (row, (unit, stretch)) in (1..).zip(all.take(MOST_ROWS)) {
            sheet.write_string(row, 0, one_line(&unit.serial))?;
            self.moment(sheet, row, 1, stretch.from)?;
            self.moment(sheet, row, 2, stretch.to)?;
        }
        Ok(())
    }
}

/// Rows of a sheet, at most.
const MOST_ROWS: usize = 1_000_000;

/// A text that fits into a cell.
fn cut(text: &str) -> String {
    text.chars().take(32_000).collect()
}
