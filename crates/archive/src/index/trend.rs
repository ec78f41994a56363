//! The events of each day, added up in one pass over them.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params_from_iter};
use wavekeep_core::{Flag, Reading, Unit};

use super::query::Query;
use super::row::as_shown;
use super::summary::collect;
use crate::EventRow;
use crate::levels::LevelVerdicts;
use crate::trend::{DayPeak, TrendDay};

/// What the events of a question add up to.
#[derive(Debug, Default)]
pub(crate) struct Days {
    /// By the day, as the index sorts it.
    pub(crate) days: BTreeMap<String, TrendDay>,
    /// Events, false triggers left out.
    pub(crate) events: u64,
    pub(crate) false_triggers: u64,
    pub(crate) without_time: u64,
    /// Each combination of project, location and unit among them.
    pub(crate) places: Vec<EventRow>,
}

/// What is asked of a row; [`Of`] has the places.
const COLUMNS: &str = "e.timestamp, e.id, e.false_trigger, e.flags, e.readings, \
    CASE WHEN e.verdict IN ('exceeds', 'warns', 'no_verdict') THEN e.judged END, \
    ifnull(e.mic_db_a, e.mic_db_c), e.tran_in_s, e.vert_in_s, e.long_in_s, e.pvs_in_s, e.mic_db_l";

/// The peaks, in the order of the last columns: the name of each among flags, and among readings.
const PEAKS: [(&str, &str, Unit); 5] = [
    ("tran", "tran", Unit::InchPerSecond),
    ("vert", "vert", Unit::InchPerSecond),
    ("long", "long", Unit::InchPerSecond),
    ("peak_vector_sum", "peak_vector_sum", Unit::InchPerSecond),
    ("mic_db_l", "mic", Unit::DecibelLinear),
];
const FIRST_PEAK: usize = 7;

/// The largest value so far.
#[derive(Debug, Clone, Copy, Default)]
struct Largest {
    of: Option<(Reading, i64)>,
    /// Why a value of the day may be larger than it is shown.
    doubt: Option<Flag>,
}

/// Adds up the events that answer `query`, day by day; its order and page do not matter. Runs of streams
/// are left out.
pub(crate) fn days(connection: &Connection, query: &Query) -> rusqlite::Result<Days> {
    let conditions = query.conditions(connection)?;
    let events = conditions.and("e.kind <> 'stream'");
    let moment = connection.unchecked_transaction()?;
    let mut days = Days::default();
    let mut largest: BTreeMap<String, [Largest; 5]> = BTreeMap::new();
    let sql = format!("SELECT {COLUMNS} FROM events e{events}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(conditions.values.iter()))?;
    while let Some(row) = rows.next()? {
        days.add(row, &mut largest)?;
    }
    for (day, largest) in largest {
        if let Some(of_day) = days.days.get_mut(&day) {
            of_day.set_peaks(largest);
        }
    }
    let sql = format!(
        "SELECT DISTINCT t.project, t.location, g.serial FROM (SELECT DISTINCT e.text_id, e.serial \
         FROM events e{events}) g JOIN texts t ON t.id = g.text_id ORDER BY 3, 2, 1"
    );
    days.places = collect(connection, &sql, &conditions.values, |row| {
        let (project, location) = (row.get(0)?, row.get(1)?);
        Ok(EventRow { project, location, serial: row.get(2)?, ..EventRow::default() })
    })?;
    drop(rows);
    drop(statement);
    moment.commit()?;
    Ok(days)
}

impl Days {
    fn add(
        &mut self,
        row: &Row<'_>,
        largest: &mut BTreeMap<String, [Largest; 5]>,
    ) -> rusqlite::Result<()> {
        let is_false: bool = row.get(2)?;
        self.events += u64::from(!is_false);
        self.false_triggers += u64::from(is_false);
        let Some(day) = row.get_ref(0)?.as_str().ok().and_then(|at| at.get(..10)) else {
            self.without_time += 1;
            return Ok(());
        };
        if !self.days.contains_key(day) {
            self.days.insert(day.to_owned(), TrendDay::default());
            largest.insert(day.to_owned(), Default::default());
        }
        let (Some(of_day), Some(largest)) = (self.days.get_mut(day), largest.get_mut(day)) else {
            return Ok(());
        };
        if is_false {
            of_day.false_triggers += 1;
            return Ok(());
        }
        of_day.events += 1;
        if let Some(judged) = row.get_ref(5)?.as_str_or_null().unwrap_or(None) {
            let verdicts: LevelVerdicts = serde_json::from_str(judged).unwrap_or_default();
            of_day.ground.add(verdicts.ground.as_ref());
            of_day.air.add(verdicts.air.as_ref());
        }
        let flags = row.get_ref(3)?.as_str().unwrap_or_default();
        let readings = row.get_ref(4)?.as_str().unwrap_or_default();
        let weighted: Option<f64> = row.get(6)?;
        for (at, (largest, (flag_name, name, unit))) in largest.iter_mut().zip(PEAKS).enumerate() {
            let Some(value) = row.get::<_, Option<f64>>(FIRST_PEAK + at)? else {
                let is_weighted = unit == Unit::DecibelLinear && weighted.is_some();
                of_day.weighted_levels += u64::from(is_weighted);
                continue;
            };
            // Most values are neither the largest nor special.
            let is_special = flags.len() > "{}".len();
            if is_special || largest.of.is_none_or(|(of, _)| value >= of.value) {
                let value = Reading::new(value, unit);
                let shown = as_shown(value, (flag_name, flags), (name, readings));
                largest.add(shown, row.get(1)?);
            }
        }
        Ok(())
    }
}

/// Flags by which a true value may be larger than it is shown, the worst first.
const DOUBTS: [Flag; 4] = [Flag::Impossible, Flag::Saturated, Flag::AboveRange, Flag::Incomplete];

impl Largest {
    fn add(&mut self, reading: Reading, event: i64) {
        let is_larger = self.of.is_none_or(|(of, id)| {
            reading.value > of.value || (reading.value == of.value && event < id)
        });
        if is_larger {
            self.of = Some((reading, event));
        }
        self.doubt = worse(self.doubt, reading.flag);
    }

    fn with(self, other: Self) -> Self {
        let mut both = self;
        if let Some((reading, event)) = other.of {
            both.add(reading, event);
        }
        both.doubt = worse(both.doubt, other.doubt);
        both
    }

    /// The largest value: a bound when any value may be larger than it is shown.
    fn shown(self) -> Option<DayPeak> {
        let (reading, event) = self.of?;
        Some(DayPeak { reading: Reading { flag: self.doubt.or(reading.flag), ..reading }, event })
    }
}

fn worse(one: Option<Flag>, other: Option<Flag>) -> Option<Flag> {
    DOUBTS.into_iter().find(|doubt| [one, other].contains(&Some(*doubt)))
}

impl TrendDay {
    fn set_peaks(&mut self, largest: [Largest; 5]) {
        let [tran, vert, long, pvs, pspl] = largest;
        self.ppv = tran.with(vert).with(long).shown();
        self.tran = tran.shown();
        self.vert = vert.shown();
        self.long = long.shown();
        self.pvs = pvs.shown();
        self.pspl = pspl.shown();
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::migrate::migrate;
    use super::*;
    use crate::{LevelOutcome, Peak};

    const DAYS: [Option<&str>; 4] =
        [None, Some("2026-05-01"), Some("2026-05-02"), Some("2026-06-30")];
    const FLAGS: [Option<&str>; 5] =
        [None, Some("saturated"), Some("below_range"), Some("incomplete"), Some("impossible")];
    const VERDICTS: [&str; 4] = ["exceeds", "warns", "no_verdict", "within"];

    /// Day, four velocities and a level in steps, a flag of the first, and what the event is.
    type Made = ((usize, [Option<u8>; 5], usize), (bool, bool, bool, usize));

    fn made() -> impl Strategy<Value = Made> {
        let peaks = prop::array::uniform5(prop::option::of(0..6u8));
        let is = (any::<bool>(), prop::bool::weighted(0.1), any::<bool>(), 0..VERDICTS.len());
        ((0..DAYS.len(), peaks, 0..FLAGS.len()), is)
    }

    fn index(events: &[Made]) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let texts = "INSERT INTO texts (id, key, location, labels) VALUES (0, 'a', 'School', '{}'), \
                     (1, 'b', NULL, '{}')";
        connection.execute(texts, []).unwrap();
        for (n, ((day, peaks, flag), (is_false, is_stream, is_weighted, verdict))) in
            events.iter().enumerate()
        {
            let at = DAYS[*day].map(|day| format!("{day}T0{}:00:00", n % 10));
            let step = |at: usize| peaks[at].map(|peak| f64::from(peak) / 10.0);
            let flags = FLAGS[*flag].map_or(json!({}), |flag| json!({"tran": flag}));
            let verdict = VERDICTS[*verdict];
            let of =
                json!({"level": 1, "curve": "x", "outcome": verdict, "subject": "", "reason": ""});
            let judged = json!({"ground": of}).to_string();
            let level = step(4).map(|level| level + 90.0);
            let (linear, weighted) = if *is_weighted { (None, level) } else { (level, None) };
            let sql = "INSERT INTO events (serial, filename, kind, timestamp, tran_in_s, vert_in_s, \
                       long_in_s, pvs_in_s, mic_db_l, mic_db_a, flags, text_id, false_trigger, verdict, \
                       judged, has_report, assumed, missing_samples, damaged, changed) VALUES \
                       ('BE1', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, '[]', 0, 0, 1)";
            let kind = if *is_stream { "stream" } else { "waveform" };
            let values = rusqlite::params![
                format!("A{n}"),
                kind,
                at,
                step(0),
                step(1),
                step(2),
                step(3),
                linear,
                weighted,
                flags.to_string(),
                i64::from(n % 2 == 1),
                is_false,
                verdict,
                judged
            ];
            connection.execute(sql, values).unwrap();
        }
        connection
    }

    /// The largest value of rows, and whether any of them may be larger.
    fn naive(rows: &[&EventRow], peaks: &[Peak]) -> Option<DayPeak> {
        let all = || {
            let of = rows.iter().flat_map(|row| peaks.iter().map(|peak| (row.id, row.peak(*peak))));
            of.filter_map(|(id, peak)| Some((id, peak.filter(|peak| peak.unit != Unit::DecibelA)?)))
        };
        let largest = all().map(|(_, peak)| peak.value).reduce(f64::max)?;
        let (event, reading) =
            all().filter(|(_, peak)| peak.value == largest).min_by_key(|(id, _)| *id)?;
        let doubt =
            DOUBTS.into_iter().find(|doubt| all().any(|(_, peak)| peak.flag == Some(*doubt)));
        Some(DayPeak { reading: Reading { flag: doubt.or(reading.flag), ..reading }, event })
    }

    proptest! {
        #[test]
        fn days_are_those_of_a_model_over_all_rows(events in vec(made(), 0..30), at_school in any::<bool>()) {
            let connection = index(&events);
            let location = at_school.then(|| "School".to_owned());
            let query = Query::default().with_location(location).with_limit(Some(usize::MAX));
            let found = days(&connection, &query).unwrap();
            let mut rows = query.page(&connection).unwrap().unwrap().events;
            rows.retain(|row| row.kind != "stream");
            let is_true = |row: &&EventRow| !row.false_trigger;
            prop_assert_eq!(found.events, rows.iter().filter(is_true).count() as u64);
            prop_assert_eq!(found.false_triggers, rows.iter().filter(|row| row.false_trigger).count() as u64);
            prop_assert_eq!(found.without_time, rows.iter().filter(|row| row.timestamp.is_none()).count() as u64);
            let mut names: Vec<&str> = rows.iter().filter_map(|row| row.timestamp.as_deref()?.get(..10)).collect();
            names.sort_unstable();
            names.dedup();
            prop_assert_eq!(found.days.keys().collect::<Vec<_>>(), names);
            for (day, of_day) in &found.days {
                let all: Vec<&EventRow> = rows.iter().filter(|row| row.timestamp.as_ref().is_some_and(|at| at.starts_with(day))).collect();
                let some: Vec<&EventRow> = all.iter().copied().filter(is_true).collect();
                let with = |outcome: LevelOutcome| some.iter().filter(|row| row.verdict.as_deref() == Some(outcome.word())).count() as u64;
                prop_assert_eq!(of_day.events, some.len() as u64);
                prop_assert_eq!(of_day.false_triggers, (all.len() - some.len()) as u64);
                prop_assert_eq!(of_day.ground.exceeds, with(LevelOutcome::Exceeds));
                prop_assert_eq!(of_day.ground.warns, with(LevelOutcome::Warns));
                prop_assert_eq!(of_day.ground.no_verdict, with(LevelOutcome::NoVerdict));
                let velocities = [Peak::Tran, Peak::Vert, Peak::Long];
                prop_assert_eq!(of_day.ppv, naive(&some, &velocities));
                prop_assert_eq!(of_day.tran, naive(&some, &[Peak::Tran]));
                prop_assert_eq!(of_day.vert, naive(&some, &[Peak::Vert]));
                prop_assert_eq!(of_day.long, naive(&some, &[Peak::Long]));
                prop_assert_eq!(of_day.pvs, naive(&some, &[Peak::VectorSum]));
                prop_assert_eq!(of_day.pspl, naive(&some, &[Peak::Microphone]));
                let weighted = some.iter().filter(|row| row.mic_db_l.is_none() && row.mic_db_a.is_some());
                prop_assert_eq!(of_day.weighted_levels, weighted.count() as u64);
            }
        }
    }

    #[test]
    fn every_row_is_looked_at_once() {
        let event = ((1, [Some(3); 5], 0), (false, false, false, 3));
        let connection = index(&vec![event; 40]);
        let steps = |query: &str| {
            let mut statement = connection.prepare(query).unwrap();
            let plan = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
            plan.map(Result::unwrap).collect::<Vec<_>>()
        };
        let plan = steps(&format!(
            "EXPLAIN QUERY PLAN SELECT {COLUMNS} FROM events e WHERE e.kind <> 'stream'"
        ));
        assert_eq!(plan.len(), 1, "{plan:?}");
        assert_eq!(days(&connection, &Query::default()).unwrap().events, 40);
    }
}
