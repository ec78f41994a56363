//! The text that Prometheus reads: families of samples, each with its help and its type.

use std::fmt::{Display, Write};

/// What a family is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, from 0 when the process starts.
    Counter,
    /// It is what it is now.
    Gauge,
    /// Buckets, their sum and their count.
    Histogram,
}

/// A text of families, in the order in which they are added.
#[derive(Debug, Default)]
pub struct Exposition {
    text: String,
}

impl Exposition {
    /// Begins a family; its samples follow.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a string does not fail.
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        Family { name, text: &mut self.text }
    }

    /// A gauge of one sample.
    pub fn gauge(&mut self, name: &'static str, help: &str, value: impl Display) {
        self.family(name, Kind::Gauge, help).sample(&[], value);
    }

    /// A counter of one sample.
    pub fn counter(&mut self, name: &'static str, help: &str, value: impl Display) {
        self.family(name, Kind::Counter, help).sample(&[], value);
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// A family that is being written.
#[derive(Debug)]
pub struct Family<'a> {
    name: &'static str,
    text: &'a mut String,
}

impl Family<'_> {
    /// Adds a sample.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        self.part("", labels, value)
    }

    /// Adds a sample of a part of a histogram: `_bucket`, `_sum` or `_count`.
    pub fn part(&mut self, part: &str, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        let _ = write!(self.text, "{}{part}", self.name);
        for (n, (label, of)) in labels.iter().enumerate() {
            let of = of.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.text, "{}{label}=\"{of}\"", if n == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.text, "{} {value}", if labels.is_empty() { "" } else { "}" });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_helps_of_any_characters_stay_in_their_lines() {
        let mut text = Exposition::default();
        let mut family = text.family("a_total", Kind::Counter, "one\ntwo \\ three");
        family.sample(&[("unit", "a\"b\\c\nd"), ("kind", "")], 3).sample(&[], 0.5);
        assert_eq!(
            text.into_text(),
            "# HELP a_total one\\ntwo \\\\ three\n# TYPE a_total counter\n\
             a_total{unit=\"a\\\"b\\\\c\\nd\",kind=\"\"} 3\na_total 0.5\n"
        );
    }
}
