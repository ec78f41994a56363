//! Limit curves as data.

use std::f64::consts::TAU;
use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use wavekeep_core::Unit;

use crate::curve_file::{self, CurveFileError};

/// Id of the built-in curve that applies where nobody names one.
pub const DEFAULT_CURVE: &str = "usbm-drywall";

/// A vibration or air limit: the rule, where it comes from and how far that can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Curve {
    /// Short stable word: `usbm-drywall`.
    pub id: String,
    /// Its name in a sentence.
    pub name: String,
    /// Unit of its limits.
    pub unit: Unit,
    /// What it judges.
    pub judges: Judged,
    /// The document that it comes from.
    pub source: String,
    /// How far its values can be trusted.
    pub standing: Standing,
    /// What a reader of a verdict ought to know about it.
    pub remarks: Vec<String>,
    /// The rule.
    pub rule: Rule,
}

/// What a curve judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Judged {
    /// Every geophone with its own frequency.
    #[serde(rename = "each component")]
    EachComponent,
    /// The geophone with the largest PPV, with its own frequency.
    #[serde(rename = "largest component")]
    LargestComponent,
    /// The horizontal geophones, each with its own frequency.
    #[serde(rename = "horizontal components")]
    HorizontalComponents,
    /// The vector sum, with the frequency of the largest component.
    #[serde(rename = "vector sum")]
    VectorSum,
    /// The level of the microphone.
    #[serde(rename = "air overpressure")]
    AirOverpressure,
}

/// How far the values of a curve can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// They stand in the document that is named as the source.
    Primary,
    /// They come from secondary sources that agree, not from the document itself.
    Provisional,
    /// The user gave them.
    User,
}

/// The words for people: `primary`, `provisional`, `user's own`.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Primary => "primary",
            Self::Provisional => "provisional",
            Self::User => "user's own",
        })
    }
}

/// What a curve says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Limits over frequency: pieces that follow each other without a hole.
    Pieces(Vec<Piece>),
    /// Limits by the distance to the blast, nearest first.
    ByDistance(Vec<DistanceStep>),
    /// A share of many events. One event alone cannot pass it.
    OverEvents(ShareOfEvents),
}

/// One piece of a limit over frequency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Piece {
    /// Where it begins, in Hz.
    pub from_hz: f64,
    /// Where it ends, in Hz; `None` for the last piece, which has no end.
    pub to_hz: Option<f64>,
    /// Whether the frequency at its end belongs to it.
    pub end_included: bool,
    /// Its shape.
    pub shape: PieceShape,
}

/// The shape of a piece. Values are in the unit of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PieceShape {
    /// The same limit throughout.
    Constant(f64),
    /// v = 2πf d: a constant displacement d, in the unit of length of the curve's unit.
    Displacement(f64),
    /// Straight between two limits on linear axes.
    Linear(f64, f64),
    /// Straight between two limits on log-log axes.
    LogLog(f64, f64),
}

/// One step of a limit by distance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DistanceStep {
    /// The largest distance in feet for which it holds; `None` for the last one.
    pub to_ft: Option<f64>,
    /// The limit, in the unit of the curve.
    pub limit: f64,
}

/// A rule over many events: a share of them must keep a limit, all of them a larger one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ShareOfEvents {
    /// The share of events in per cent that must keep `limit`.
    pub share_percent: f64,
    /// The limit for that share, in the unit of the curve.
    pub limit: f64,
    /// The limit that no event may exceed, in the unit of the curve.
    pub always: f64,
}

impl Piece {
    /// The limit at `hz`, which must lie in the piece.
    pub(crate) fn at(&self, hz: f64) -> f64 {
        let to_hz = self.to_hz.unwrap_or(f64::INFINITY);
        match self.shape {
            PieceShape::Constant(limit) => limit,
            PieceShape::Displacement(displacement) => TAU * hz * displacement,
            PieceShape::Linear(first, last) => {
                first + (last - first) * (hz - self.from_hz) / (to_hz - self.from_hz)
            }
            PieceShape::LogLog(first, last) => {
                let share = (hz / self.from_hz).ln() / (to_hz / self.from_hz).ln();
                first * (last / first).powf(share)
            }
        }
    }

    fn ends_behind(&self, hz: f64) -> bool {
        self.to_hz.is_none_or(|to_hz| hz < to_hz || (self.end_included && hz == to_hz))
    }
}

impl Curve {
    /// The curves that the program knows, in the order of their countries.
    ///
    /// ```
    /// use wavekeep_signal::Curve;
    ///
    /// let usbm = Curve::built_in("usbm-drywall").unwrap();
    /// let osmre = Curve::built_in("osmre").unwrap();
    /// // 1.8 in/s at 32 Hz fails RI 8507 and passes OSMRE.
    /// assert_eq!(format!("{:.3}", usbm.limit(32.0).unwrap()), "1.608");
    /// assert_eq!(osmre.limit(32.0), Some(2.0));
    /// ```
    pub fn all_built_in() -> &'static [Self] {
        static CURVES: OnceLock<Vec<Curve>> = OnceLock::new();
        CURVES.get_or_init(|| {
            curve_file::parse(include_str!("curves.toml"), Standing::Provisional)
                .expect("the list of curves is read by the tests")
        })
    }

    /// The built-in curve called `id`.
    pub fn built_in(id: &str) -> Option<&'static Self> {
        Self::all_built_in().iter().find(|curve| curve.id == id)
    }

    /// The curves of a user's TOML file.
    ///
    /// The file is written like the built-in list: one `[[curve]]` after the other with `id`,
    /// `name`, `unit` (`in/s`, `mm/s`, `dB(L)`, …), `judges` (`each component`, `largest
    /// component`, `horizontal components`, `vector sum`, `air overpressure`), `source`, optionally
    /// `remarks`, `standing` and `from_hz`, and one of `pieces`, `by_distance` and `over_events`.
    ///
    /// ```
    /// let curves = wavekeep_signal::Curve::parse_file(
    ///     r#"
    ///     [[curve]]
    ///     id = "permit-7"
    ///     name = "Permit 7, the school"
    ///     unit = "mm/s"
    ///     judges = "each component"
    ///     source = "Permit no. 7, condition 4"
    ///     from_hz = 1
    ///     pieces = [
    ///         { constant = 5, to_hz = 10 },
    ///         { log_log = [5, 20], to_hz = 100 },
    ///         { constant = 20 },
    ///     ]
    ///     "#,
    /// )?;
    /// assert_eq!(format!("{:.3}", curves[0].limit(31.6227766).unwrap()), "10.000");
    /// # Ok::<(), wavekeep_signal::CurveFileError>(())
    /// ```
    ///
    /// # Errors
    /// [`CurveFileError`] with the line and the field, also when an `id` is used twice or belongs
    /// to a built-in curve: no curve goes under another one's name.
    pub fn parse_file(text: &str) -> Result<Vec<Self>, CurveFileError> {
        curve_file::parse_user(text)
    }

    /// The limit at frequency `hz`, in [`unit`](Self::unit); `None` where the curve says nothing,
    /// and for a rule that is not one over frequency.
    pub fn limit(&self, hz: f64) -> Option<f64> {
        let Rule::Pieces(pieces) = &self.rule else { return None };
        let begins = pieces.first()?.from_hz;
        if !(hz > 0.0 && hz.is_finite() && hz >= begins) {
            return None;
        }
        pieces.iter().find(|piece| piece.ends_behind(hz)).map(|piece| piece.at(hz))
    }

    /// Lowest and highest limit between two frequencies, or `None` where the curve does not cover
    /// all of them.
    pub(crate) fn limits_between(&self, from_hz: f64, to_hz: f64) -> Option<(f64, f64)> {
        let Rule::Pieces(pieces) = &self.rule else { return None };
        if pieces.first().is_none_or(|first| first.from_hz > from_hz) {
            return None;
        }
        // Every shape rises or falls throughout, so that its extremes are at the ends.
        let mut extremes: Option<(f64, f64)> = None;
        for piece in pieces {
            let from = piece.from_hz.max(from_hz);
            let to = piece.to_hz.unwrap_or(f64::INFINITY).min(to_hz);
            if from > to {
                continue;
            }
            for limit in [piece.at(from), piece.at(to)] {
                let (low, high) = extremes.unwrap_or((limit, limit));
                extremes = Some((low.min(limit), high.max(limit)));
            }
        }
        extremes
    }

    /// The limit at a distance in feet, for a rule by distance.
    pub fn limit_at_distance(&self, distance_ft: f64) -> Option<f64> {
        let Rule::ByDistance(steps) = &self.rule else { return None };
        if !(distance_ft.is_finite() && distance_ft >= 0.0) {
            return None;
        }
        steps
            .iter()
            .find(|step| step.to_ft.is_none_or(|to_ft| distance_ft <= to_ft))
            .map(|step| step.limit)
    }

    /// The lowest and the highest limit of the curve in a unit, from 1 to 100 Hz where it goes by frequency:
    /// one number twice where it does not. `None` for another quantity, and for a rule by distance without
    /// a distance.
    pub fn range_of_limits(&self, distance_ft: Option<f64>, unit: Unit) -> Option<(f64, f64)> {
        let limits: Vec<f64> = match &self.rule {
            Rule::Pieces(pieces) if self.unit.is_level() || pieces.len() == 1 => {
                self.limit(10.0).into_iter().collect()
            }
            Rule::Pieces(_) => {
                self.outline(1.0, 100.0).into_iter().map(|(_, limit)| limit).collect()
            }
            Rule::ByDistance(_) => {
                distance_ft.and_then(|at| self.limit_at_distance(at)).into_iter().collect()
            }
            Rule::OverEvents(share) => vec![share.limit, share.always],
        };
        let limits: Vec<f64> =
            limits.into_iter().filter_map(|limit| self.unit.convert(limit, unit).ok()).collect();
        let low = limits.iter().copied().reduce(f64::min)?;
        let high = limits.iter().copied().reduce(f64::max)?;
        Some((low, high))
    }

    /// The curve as a line for drawing: (Hz, limit) from `from_hz` to `to_hz`, dense enough for
    /// log-log axes. A step is two points at one frequency. Empty for a rule that is not one over
    /// frequency.
    pub fn outline(&self, from_hz: f64, to_hz: f64) -> Vec<(f64, f64)> {
        const POINTS_OF_A_BEND: u32 = 32;
        let Rule::Pieces(pieces) = &self.rule else { return Vec::new() };
        let mut line = Vec::new();
        for piece in pieces {
            let from = piece.from_hz.max(from_hz);
            let to = piece.to_hz.unwrap_or(f64::INFINITY).min(to_hz);
            if !(from > 0.0 && from < to) {
                continue;
            }
            let steps = match piece.shape {
                PieceShape::Linear(..) => POINTS_OF_A_BEND,
                _ => 1,
            };
            for step in 0..=steps {
                let share = f64::from(step) / f64::from(steps);
                let hz = if step == steps { to } else { from * (to / from).powf(share) };
                line.push((hz, piece.at(hz)));
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(id: &str, hz: f64, decimals: usize) -> String {
        format!("{:.decimals$}", Curve::built_in(id).unwrap().limit(hz).unwrap())
    }

    #[test]
    fn the_curves_give_the_professions_table() {
        let table = [
            (1.0, ["0.188", "0.188", "0.188", "20.00", "5.00", "3.00", "3.77"]),
            (4.0, ["0.750", "0.500", "0.750", "20.00", "5.00", "3.00", "15.00"]),
            (10.0, ["0.750", "0.503", "0.750", "20.00", "5.00", "3.00", "17.73"]),
            (15.0, ["0.754", "0.754", "1.000", "22.50", "6.25", "3.62", "20.00"]),
            (25.0, ["1.257", "1.257", "1.667", "27.50", "8.75", "4.88", "32.00"]),
            (30.0, ["1.508", "1.508", "2.000", "30.00", "10.00", "5.50", "38.00"]),
            (40.0, ["2.000", "2.000", "2.000", "35.00", "12.50", "6.75", "50.00"]),
            (75.0, ["2.000", "2.000", "2.000", "45.00", "17.50", "9.00", "50.00"]),
            (100.0, ["2.000", "2.000", "2.000", "50.00", "20.00", "10.00", "50.00"]),
        ];
        let ids = ["usbm-drywall", "usbm-plaster", "osmre", "din-1", "din-2", "din-3", "bs-2"];
        for (hz, row) in table {
            for (column, (id, expected)) in ids.into_iter().zip(row).enumerate() {
                let decimals = if column < 3 { 3 } else { 2 };
                assert_eq!(printed(id, hz, decimals), expected, "{id} at {hz} Hz");
            }
        }
    }

    #[test]
    fn the_us_curves_equal_their_formulas_at_every_frequency() {
        let formula = |hz: f64, plateau: f64, rise: f64| {
            2f64.min(TAU * hz * 0.030).min(plateau.max(TAU * hz * rise))
        };
        for step in 1..2000 {
            let hz = f64::from(step) * 0.1;
            for (id, plateau, rise) in [
                ("usbm-drywall", 0.75, 0.008),
                ("usbm-plaster", 0.5, 0.008),
                ("osmre", 0.75, 0.01061),
            ] {
                let limit = Curve::built_in(id).unwrap().limit(hz).unwrap();
                assert!((limit - formula(hz, plateau, rise)).abs() < 1e-12, "{id} at {hz} Hz");
            }
        }
    }

    #[test]
    fn the_brazilian_limit_rises_between_its_corners_and_is_a_displacement_below_them() {
        for (hz, expected) in [
            (2.0, "7.5"),
            (4.0, "15.0"),
            (8.4, "17.0"),
            (15.0, "20.0"),
            (25.0, "32.0"),
            (40.0, "50.0"),
            (70.0, "50.0"),
        ] {
            assert_eq!(printed("nbr-9653", hz, 1), expected, "{hz} Hz");
        }
        assert_eq!(printed("nbr-9653-air", 10.0, 0), "134");
    }

    #[test]
    fn the_indian_classes_change_at_8_and_25_hz() {
        for (hz, row) in [
            (7.9, ["5", "10", "2"]),
            (8.0, ["10", "20", "5"]),
            (25.0, ["10", "20", "5"]),
            (25.1, ["15", "25", "10"]),
        ] {
            for (id, expected) in
                ["dgms-houses", "dgms-industrial", "dgms-sensitive"].into_iter().zip(row)
            {
                assert_eq!(printed(id, hz, 0), expected, "{id} at {hz} Hz");
            }
        }
    }

    #[test]
    fn swiss_classes_change_at_their_own_frequencies() {
        for (hz, expected) in [(29.9, "15"), (30.0, "20"), (60.0, "20"), (60.1, "30")] {
            assert_eq!(printed("sn-occasional", hz, 0), expected);
        }
        assert_eq!(printed("sn-frequent", 45.0, 0), "8");
    }

    #[test]
    fn osmre_by_distance_is_in_steps() {
        let curve = Curve::built_in("osmre-distance").unwrap();
        let at = |feet| curve.limit_at_distance(feet);
        assert_eq!((at(300.0), at(301.0), at(5000.0)), (Some(1.25), Some(1.0), Some(1.0)));
        assert_eq!((at(5001.0), at(-1.0), at(f64::NAN)), (Some(0.75), None, None));
        assert_eq!(curve.limit(10.0), None);
    }

    #[test]
    fn a_curve_says_nothing_outside_its_frequencies() {
        assert_eq!(Curve::built_in("din-1").unwrap().limit(0.5), None);
        assert_eq!(Curve::built_in("bs-1").unwrap().limit(3.9), None);
        assert_eq!(Curve::built_in("bs-1").unwrap().limit(4.0), Some(50.0));
        for hz in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Curve::built_in("usbm-drywall").unwrap().limit(hz), None);
        }
    }

    #[test]
    fn every_built_in_curve_has_a_source_and_secondary_ones_are_provisional() {
        for curve in Curve::all_built_in() {
            assert!(!curve.source.is_empty() && !curve.name.is_empty());
            let primary = curve.id.starts_with("usbm") || curve.id.starts_with("osmre");
            assert_eq!(curve.standing == Standing::Primary, primary, "{}", curve.id);
        }
        let osmre = Curve::built_in("osmre").unwrap();
        assert!(osmre.remarks[0].contains("read off a figure"));
    }

    #[test]
    fn an_outline_passes_through_the_corners_and_steps() {
        let line = Curve::built_in("sn-frequent").unwrap().outline(1.0, 100.0);
        assert_eq!(
            line,
            [(1.0, 6.0), (30.0, 6.0), (30.0, 8.0), (60.0, 8.0), (60.0, 12.0), (100.0, 12.0)]
        );
        for curve in Curve::all_built_in() {
            for (hz, limit) in curve.outline(1.0, 100.0) {
                assert!((1.0..=100.0).contains(&hz) && limit > 0.0);
            }
        }
    }
}
