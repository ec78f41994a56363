//! Reads limit curves from TOML, and says on which line what is wrong.

use serde::Deserialize;
use toml::Spanned;
use wavekeep_core::{Quantity, Unit};

use crate::curve::{Curve, DistanceStep, Judged, Piece, PieceShape, Rule, ShareOfEvents, Standing};

/// What is wrong with a file of curves, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
#[non_exhaustive]
pub struct CurveFileError {
    /// The line, from 1.
    pub line: usize,
    /// The curve and field, and what is wrong with them.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    curve: Vec<Spanned<RawCurve>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCurve {
    id: Spanned<String>,
    name: String,
    unit: Spanned<Unit>,
    judges: Judged,
    source: String,
    standing: Option<Standing>,
    #[serde(default)]
    remarks: Vec<String>,
    from_hz: Option<Spanned<f64>>,
    pieces: Option<Spanned<Vec<Spanned<RawPiece>>>>,
    by_distance: Option<Spanned<Vec<Spanned<RawStep>>>>,
    over_events: Option<Spanned<ShareOfEvents>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPiece {
    constant: Option<f64>,
    displacement: Option<f64>,
    linear: Option<[f64; 2]>,
    log_log: Option<[f64; 2]>,
    to_hz: Option<f64>,
    below_hz: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    to_ft: Option<f64>,
    limit: f64,
}

/// Reads a user's curves, whose names must not be those of the built-in ones.
pub(crate) fn parse_user(text: &str) -> Result<Vec<Curve>, CurveFileError> {
    let curves = parse(text, Standing::User)?;
    match curves.iter().find(|curve| Curve::built_in(&curve.id).is_some()) {
        Some(taken) => {
            let reason = format!("id: {:?} is the name of a built-in curve", taken.id);
            // The quoted name cannot stand in a valid file before the id itself does.
            let offset = text.find(&format!("{:?}", taken.id)).unwrap_or(0);
            Err(error_at(text, offset, reason))
        }
        None => Ok(curves),
    }
}

/// Reads curves; those without a `standing` get `standing`.
pub(crate) fn parse(text: &str, standing: Standing) -> Result<Vec<Curve>, CurveFileError> {
    let file: File = toml::from_str(text).map_err(|error| {
        error_at(text, error.span().map_or(0, |span| span.start), error.message().to_owned())
    })?;
    let mut curves: Vec<Curve> = Vec::with_capacity(file.curve.len());
    for raw in file.curve {
        let start = raw.span().start;
        let raw = raw.into_inner();
        let id = raw.id.get_ref().clone();
        let fail = |offset: usize, reason: String| {
            Err(error_at(text, offset, format!("curve {id:?}, {reason}")))
        };
        if id.is_empty() || curves.iter().any(|curve| curve.id == id) {
            let reason = if id.is_empty() { "id: is empty" } else { "id: is used twice" };
            return fail(raw.id.span().start, reason.to_owned());
        }
        let unit = *raw.unit.get_ref();
        let air = raw.judges == Judged::AirOverpressure;
        let is_judged = match air {
            true => unit.quantity() == Quantity::Pressure || unit.is_weighted(),
            false => unit.quantity() == Quantity::Velocity,
        };
        if !is_judged {
            let wanted = if air { "a pressure or level" } else { "a velocity" };
            let reason = format!("unit: {unit} is not {wanted}, which is what the curve judges");
            return fail(raw.unit.span().start, reason);
        }
        let rule = match (raw.pieces, raw.by_distance, raw.over_events) {
            (Some(pieces), None, None) => {
                let from_hz = raw.from_hz.as_ref().map_or(0.0, |from_hz| *from_hz.get_ref());
                if !(from_hz.is_finite() && from_hz >= 0.0) {
                    return fail(start, format!("from_hz: {from_hz} is not a frequency"));
                }
                resolve(from_hz, pieces)
            }
            (None, Some(steps), None) if raw.from_hz.is_none() => by_distance(steps),
            (None, None, Some(share)) if raw.from_hz.is_none() => over_events(share),
            (None, Some(_), None) | (None, None, Some(_)) => {
                Err((start, "from_hz: belongs to a curve with pieces only".to_owned()))
            }
            _ => Err((start, "needs one of pieces, by_distance and over_events".to_owned())),
        };
        let rule = match rule {
            Ok(rule) => rule,
            Err((offset, reason)) => return fail(offset, reason),
        };
        curves.push(Curve {
            id,
            name: raw.name,
            unit,
            judges: raw.judges,
            source: raw.source,
            standing: raw.standing.unwrap_or(standing),
            remarks: raw.remarks,
            rule,
        });
    }
    Ok(curves)
}

/// Byte offset in the text and what is wrong there.
type Wrong = (usize, String);

fn shape_of(raw: &RawPiece) -> Result<PieceShape, String> {
    let shape = match (raw.constant, raw.displacement, raw.linear, raw.log_log) {
        (Some(limit), None, None, None) => PieceShape::Constant(limit),
        (None, Some(displacement), None, None) => PieceShape::Displacement(displacement),
        (None, None, Some([first, last]), None) => PieceShape::Linear(first, last),
        (None, None, None, Some([first, last])) => PieceShape::LogLog(first, last),
        _ => return Err("needs one of constant, displacement, linear and log_log".to_owned()),
    };
    let (field, values) = match shape {
        PieceShape::Constant(limit) => ("constant", [limit, limit]),
        PieceShape::Displacement(displacement) => ("displacement", [displacement, displacement]),
        PieceShape::Linear(first, last) => ("linear", [first, last]),
        PieceShape::LogLog(first, last) => ("log_log", [first, last]),
    };
    match values.into_iter().find(|value| !(value.is_finite() && *value > 0.0)) {
        Some(value) => Err(format!("{field}: {value} is not above zero")),
        None => Ok(shape),
    }
}

/// Finds where every piece begins and ends.
fn resolve(from_hz: f64, raw: Spanned<Vec<Spanned<RawPiece>>>) -> Result<Rule, Wrong> {
    let start = raw.span().start;
    let raw = raw.into_inner();
    let mut pieces: Vec<Piece> = Vec::with_capacity(raw.len());
    let mut from_hz = from_hz;
    for (number, piece) in raw.iter().enumerate() {
        let wrong =
            |reason: String| (piece.span().start, format!("piece {}, {reason}", number + 1));
        let shape = shape_of(piece.get_ref()).map_err(wrong)?;
        let next = raw.get(number + 1).map(|next| shape_of(next.get_ref()));
        let (to_hz, end_included) = match (piece.get_ref().to_hz, piece.get_ref().below_hz, next) {
            (Some(_), Some(_), _) => {
                return Err(wrong("to_hz, below_hz: only one of them can be".to_owned()));
            }
            (_, _, None) if piece.get_ref().to_hz.or(piece.get_ref().below_hz).is_some() => {
                return Err(wrong("to_hz, below_hz: the last piece has no end".to_owned()));
            }
            (_, _, None) => (None, true),
            (Some(to_hz), None, Some(_)) => (Some(to_hz), true),
            (None, Some(below_hz), Some(_)) => (Some(below_hz), false),
            (None, None, Some(next)) => {
                let meeting = next.ok().and_then(|next| meeting_hz(shape, next));
                let missing = "to_hz: only a constant and a displacement find their meeting alone";
                (Some(meeting.ok_or_else(|| wrong(missing.to_owned()))?), true)
            }
        };
        let bent = matches!(shape, PieceShape::Linear(..) | PieceShape::LogLog(..));
        if to_hz.is_none() && bent {
            return Err(wrong("linear, log_log: cannot be the last piece".to_owned()));
        }
        if matches!(shape, PieceShape::LogLog(..)) && from_hz == 0.0 {
            return Err(wrong("log_log: cannot begin at 0 Hz".to_owned()));
        }
        if let Some(to_hz) = to_hz
            && !(to_hz.is_finite() && to_hz > from_hz)
        {
            return Err(wrong(format!(
                "its end of {to_hz} Hz is not above {from_hz} Hz, where it begins"
            )));
        }
        pieces.push(Piece { from_hz, to_hz, end_included, shape });
        from_hz = to_hz.unwrap_or(from_hz);
    }
    if pieces.is_empty() {
        return Err((start, "pieces: there are none".to_owned()));
    }
    Ok(Rule::Pieces(pieces))
}

/// Where a constant limit v and a displacement d cross: 2πf d = v.
fn meeting_hz(a: PieceShape, b: PieceShape) -> Option<f64> {
    match (a, b) {
        (PieceShape::Constant(limit), PieceShape::Displacement(displacement))
        | (PieceShape::Displacement(displacement), PieceShape::Constant(limit)) => {
            Some(limit / (std::f64::consts::TAU * displacement))
        }
        _ => None,
    }
}

fn by_distance(raw: Spanned<Vec<Spanned<RawStep>>>) -> Result<Rule, Wrong> {
    let start = raw.span().start;
    let raw = raw.into_inner();
    let mut nearest = 0.0;
    let mut steps = Vec::with_capacity(raw.len());
    for (number, step) in raw.iter().enumerate() {
        let RawStep { to_ft, limit } = *step.get_ref();
        let is_last = number + 1 == raw.len();
        let reason = match to_ft {
            _ if !(limit.is_finite() && limit > 0.0) => format!("limit: {limit} is not above zero"),
            Some(_) if is_last => "to_ft: the last step has no end".to_owned(),
            None if !is_last => "to_ft: only the last step has no end".to_owned(),
            Some(to_ft) if !(to_ft.is_finite() && to_ft > nearest) => {
                format!("to_ft: {to_ft} is not above {nearest}")
            }
            _ => {
                nearest = to_ft.unwrap_or(nearest);
                steps.push(DistanceStep { to_ft, limit });
                continue;
            }
        };
        return Err((step.span().start, format!("step {}, {reason}", number + 1)));
    }
    if steps.is_empty() {
        return Err((start, "by_distance: there are no steps".to_owned()));
    }
    Ok(Rule::ByDistance(steps))
}

fn over_events(raw: Spanned<ShareOfEvents>) -> Result<Rule, Wrong> {
    let ShareOfEvents { share_percent, limit, always } = *raw.get_ref();
    let reason = if !(share_percent > 0.0 && share_percent <= 100.0) {
        format!("share_percent: {share_percent} is no share in per cent")
    } else if !(limit.is_finite() && limit > 0.0) {
        format!("limit: {limit} is not above zero")
    } else if !(always.is_finite() && always >= limit) {
        format!("always: {always} is below the limit of {limit}")
    } else {
        return Ok(Rule::OverEvents(raw.into_inner()));
    };
    Err((raw.span().start, format!("over_events, {reason}")))
}

fn error_at(text: &str, offset: usize, reason: String) -> CurveFileError {
    let before = text.as_bytes().iter().take(offset);
    CurveFileError { line: 1 + before.filter(|byte| **byte == b'\n').count(), reason }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "[[curve]]\nid = \"mine\"\nname = \"Mine\"\nunit = \"mm/s\"\n\
                        judges = \"each component\"\nsource = \"me\"\n";

    fn error(rest: &str) -> String {
        Curve::parse_file(&format!("{HEAD}{rest}")).unwrap_err().to_string()
    }

    #[test]
    fn an_error_names_the_line_the_curve_the_piece_and_the_field() {
        assert_eq!(
            error(
                "pieces = [\n  { constant = 5, to_hz = 10 },\n  { linear = [5, 9], to_hz = 8 },\n  { constant = 9 },\n]"
            ),
            "line 9: curve \"mine\", piece 2, its end of 8 Hz is not above 10 Hz, where it begins"
        );
        assert_eq!(
            error("pieces = [{ constant = -1 }]"),
            "line 7: curve \"mine\", piece 1, constant: -1 is not above zero"
        );
        assert_eq!(
            error("pieces = [{ constant = 1 }, { constant = 2 }]"),
            "line 7: curve \"mine\", piece 1, to_hz: only a constant and a displacement find their \
             meeting alone"
        );
        assert_eq!(
            error("by_distance = [{ to_ft = 5, limit = 1 }]"),
            "line 7: curve \"mine\", step 1, to_ft: the last step has no end"
        );
        assert_eq!(
            error("over_events = { share_percent = 95, limit = 5, always = 1 }"),
            "line 7: curve \"mine\", over_events, always: 1 is below the limit of 5"
        );
        assert_eq!(
            error(""),
            "line 1: curve \"mine\", needs one of pieces, by_distance and over_events"
        );
    }

    #[test]
    fn a_misspelt_field_and_a_wrong_type_are_found_by_line() {
        let misspelt = error("piecs = []");
        assert!(misspelt.starts_with("line 7: ") && misspelt.contains("piecs"), "{misspelt}");
        let wrong = error("pieces = [{ constant = \"5\" }]");
        assert!(wrong.starts_with("line 7: "), "{wrong}");
        let text = HEAD.replace("mm/s", "furlong");
        let unit = Curve::parse_file(&text).unwrap_err().to_string();
        assert!(unit.starts_with("line 4: ") && unit.contains("furlong"), "{unit}");
        assert!(Curve::parse_file("not toml at all").unwrap_err().line == 1);
    }

    #[test]
    fn no_curve_goes_under_anothers_name() {
        let twice = format!("{HEAD}pieces = [{{ constant = 1 }}]\n{HEAD}pieces = []");
        let error = Curve::parse_file(&twice).unwrap_err();
        assert_eq!(error.to_string(), "line 9: curve \"mine\", id: is used twice");
        let taken = format!("{HEAD}pieces = [{{ constant = 1 }}]").replace("mine", "osmre");
        let error = Curve::parse_file(&taken).unwrap_err();
        assert_eq!(error.to_string(), "line 2: id: \"osmre\" is the name of a built-in curve");
    }

    #[test]
    fn a_unit_must_be_of_what_is_judged() {
        let text = format!("{HEAD}pieces = [{{ constant = 1 }}]").replace("mm/s", "dB(L)");
        let error = Curve::parse_file(&text).unwrap_err();
        assert_eq!(error.line, 4);
        assert!(error.reason.contains("is not a velocity"));
    }

    #[test]
    fn a_users_curve_is_called_the_users_own() {
        let curves = Curve::parse_file(&format!("{HEAD}pieces = [{{ constant = 1 }}]")).unwrap();
        assert_eq!(curves[0].standing, Standing::User);
        assert_eq!(curves[0].standing.to_string(), "user's own");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}", value in any::<f64>()) {
            let _ = Curve::parse_file(&text);
            let _ = Curve::parse_file(&format!("{HEAD}from_hz = {value:?}\npieces = [{{ displacement = {value:?} }}, {{ constant = 2 }}]"));
        }
    }
}
