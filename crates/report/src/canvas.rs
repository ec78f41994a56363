//! Writes SVG: the few shapes that drawings are made of.

use std::fmt::Write;

use crate::language::{Language, Words};
use crate::style::{Colour, Palette};
use crate::text::{FAMILIES, Type};

/// A rectangle of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) w: f64,
    pub(crate) h: f64,
}

impl Rect {
    pub(crate) const fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Self { x, y, w, h }
    }

    pub(crate) fn right(&self) -> f64 {
        self.x + self.w
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// The rectangle without a margin on each side.
    pub(crate) fn inset(self, left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self::new(
            self.x + left,
            self.y + top,
            (self.w - left - right).max(1.0),
            (self.h - top - bottom).max(1.0),
        )
    }
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pen {
    pub(crate) colour: Colour,
    pub(crate) width: f64,
    pub(crate) dash: Option<&'static str>,
}

pub(crate) const fn pen(colour: Colour, width: f64) -> Pen {
    Pen { colour, width, dash: None }
}

impl Pen {
    pub(crate) const fn dashed(mut self, dash: &'static str) -> Self {
        self.dash = Some(dash);
        self
    }
}

/// Which point of a text its position is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Points that are joined, in one or more separate strokes.
#[derive(Debug, Default)]
pub(crate) struct Path(String);

impl Path {
    pub(crate) fn move_to(&mut self, x: f64, y: f64) {
        let _ = write!(self.0, "M{} {}", Number(x), Number(y));
    }

    pub(crate) fn line_to(&mut self, x: f64, y: f64) {
        let _ = write!(self.0, "L{} {}", Number(x), Number(y));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A coordinate with at most two decimals.
struct Number(f64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A value that is no number would make the whole file unreadable.
        let rounded = if self.0.is_finite() { (self.0 * 100.0).round() / 100.0 } else { 0.0 };
        // Adding zero turns -0 into 0.
        write!(f, "{}", rounded + 0.0)
    }
}

/// A drawing while it is made.
pub(crate) struct Canvas {
    pub(crate) palette: Palette,
    /// The language of what is written on it.
    pub(crate) words: &'static Words,
    width: f64,
    height: f64,
    body: String,
}

impl Canvas {
    /// An empty drawing, whose words are English.
    pub(crate) fn new(width: f64, height: f64, palette: Palette) -> Self {
        let words = Language::English.words();
        let mut canvas = Self { palette, words, width, height, body: String::new() };
        canvas.fill(Rect::new(0.0, 0.0, width, height), palette.paper);
        canvas
    }

    pub(crate) fn bounds(&self) -> Rect {
        Rect::new(0.0, 0.0, self.width, self.height)
    }

    pub(crate) fn fill(&mut self, rect: Rect, colour: Colour) {
        self.fill_faint(rect, colour, 1.0);
    }

    pub(crate) fn fill_faint(&mut self, rect: Rect, colour: Colour, opacity: f64) {
        self.rect(rect, &format!("fill=\"{colour}\"{}", opacity_of("fill", opacity)));
    }

    pub(crate) fn frame(&mut self, rect: Rect, pen: Pen) {
        self.rect(rect, &format!("fill=\"none\"{}", stroke(pen)));
    }

    /// Fills with slanted lines: what is missing.
    pub(crate) fn hatch(&mut self, rect: Rect) {
        self.rect(rect, "fill=\"url(#missing)\"");
    }

    fn rect(&mut self, rect: Rect, attributes: &str) {
        let Rect { x, y, w, h } = rect;
        let _ = writeln!(
            self.body,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {attributes}/>",
            Number(x),
            Number(y),
            Number(w.max(0.0)),
            Number(h.max(0.0)),
        );
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), pen: Pen) {
        let mut path = Path::default();
        path.move_to(from.0, from.1);
        path.line_to(to.0, to.1);
        self.stroke(&path, pen);
    }

    pub(crate) fn stroke(&mut self, path: &Path, pen: Pen) {
        if !path.is_empty() {
            let _ = writeln!(
                self.body,
                "<path d=\"{}\" fill=\"none\"{} stroke-linejoin=\"round\" stroke-linecap=\"round\"/>",
                path.0,
                stroke(pen)
            );
        }
    }

    /// Fills the inside of a path whose ends are joined.
    pub(crate) fn solid(&mut self, path: &Path, colour: Colour, outline: Option<Pen>) {
        let outline = outline.map(stroke).unwrap_or_default();
        let _ = writeln!(self.body, "<path d=\"{}Z\" fill=\"{colour}\"{outline}/>", path.0);
    }

    /// Fills rectangles that touch, given as path data, without seams between them.
    pub(crate) fn cells(&mut self, data: &str, colour: Colour) {
        if !data.is_empty() {
            let _ = writeln!(
                self.body,
                "<path d=\"{data}\" fill=\"{colour}\" shape-rendering=\"crispEdges\"/>"
            );
        }
    }

    pub(crate) fn circle(
        &mut self,
        at: (f64, f64),
        radius: f64,
        fill: Colour,
        outline: Option<Pen>,
    ) {
        let outline = outline.map(stroke).unwrap_or_default();
        let _ = writeln!(
            self.body,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{fill}\"{outline}/>",
            Number(at.0),
            Number(at.1),
            Number(radius)
        );
    }

    /// Places a picture, which `href` holds.
    pub(crate) fn picture(&mut self, rect: Rect, href: &str) {
        let Rect { x, y, w, h } = rect;
        let _ = writeln!(
            self.body,
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" href=\"{}\"/>",
            Number(x),
            Number(y),
            Number(w),
            Number(h),
            escape(href)
        );
    }

    /// Writes one line of text on the base line `at`.
    pub(crate) fn text(
        &mut self,
        at: (f64, f64),
        text: &str,
        face: Type,
        colour: Colour,
        anchor: Anchor,
    ) {
        if text.is_empty() {
            return;
        }
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let weight = if face.bold { " font-weight=\"bold\"" } else { "" };
        let _ = writeln!(
            self.body,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{weight}{anchor} fill=\"{colour}\">{}</text>",
            Number(at.0),
            Number(at.1),
            Number(face.size),
            escape(text)
        );
    }

    /// Writes one line of text upwards along the vertical line `at`.0, centred on `at`.1.
    pub(crate) fn text_upwards(&mut self, at: (f64, f64), text: &str, face: Type, colour: Colour) {
        let _ = write!(
            self.body,
            "<g transform=\"translate({} {}) rotate(-90)\">",
            Number(at.0),
            Number(at.1)
        );
        self.text((0.0, 0.0), text, face, colour, Anchor::Middle);
        self.body.push_str("</g>\n");
    }

    /// The whole SVG document.
    pub(crate) fn finish(self, title: &str) -> String {
        let (w, h) = (Number(self.width), Number(self.height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
             font-family=\"{FAMILIES}\" font-kerning=\"none\" role=\"img\">\n<title>{}</title>\n\
             <defs><pattern id=\"missing\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" \
             stroke=\"{}\" stroke-width=\"1.6\"/></pattern></defs>\n{}</svg>\n",
            escape(title),
            self.palette.frame,
            self.body
        )
    }
}

fn stroke(pen: Pen) -> String {
    let dash = pen.dash.map(|dash| format!(" stroke-dasharray=\"{dash}\"")).unwrap_or_default();
    format!(" stroke=\"{}\" stroke-width=\"{}\"{dash}", pen.colour, Number(pen.width))
}

fn opacity_of(what: &str, opacity: f64) -> String {
    if opacity < 1.0 { format!(" {what}-opacity=\"{}\"", Number(opacity)) } else { String::new() }
}

/// `text` as XML character data. Characters that XML cannot hold are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            control if control < ' ' => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::style::Theme;
    use crate::text::regular;

    proptest! {
        #[test]
        fn any_text_and_any_numbers_make_well_formed_xml(
            text in "\\PC{0,20}|.{0,40}", x in any::<f64>(), y in any::<f64>()
        ) {
            let mut canvas = Canvas::new(100.0, 50.0, Theme::Light.palette());
            canvas.text((x, y), &text, regular(8.0), "#000000", Anchor::End);
            canvas.text_upwards((x, y), &text, regular(8.0), "#000000");
            canvas.fill_faint(Rect::new(x, y, x, y), "#000000", 0.5);
            canvas.line((x, y), (y, x), pen("#000000", 1.0));
            let svg = canvas.finish(&text);
            prop_assert!(resvg::usvg::roxmltree::Document::parse(&svg).is_ok(), "{}", svg);
        }
    }

    #[test]
    fn markup_in_a_text_stays_text() {
        let mut canvas = Canvas::new(10.0, 10.0, Theme::Light.palette());
        let hostile = "</text><script>&amp;\"]]>\u{1}";
        canvas.text((0.0, 0.0), hostile, regular(8.0), "#000000", Anchor::Start);
        let svg = canvas.finish("t");
        assert!(svg.contains("&lt;/text&gt;&lt;script&gt;&amp;amp;&quot;]]&gt;</text>"));
    }

    #[test]
    fn coordinates_are_short() {
        let printed = |value: f64| Number(value).to_string();
        assert_eq!(printed(1.0 / 3.0), "0.33");
        assert_eq!((printed(-0.001), printed(f64::NAN)), ("0".to_owned(), "0".to_owned()));
    }
}
