//! One event: its files, its sidecar, its row.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde_json::Value;

use super::{FindingKind, Verification, VerifyOptions};
use crate::derived::is_same_derived;
use crate::facts::{self, TOOL_VERSION};
use crate::index::EventRow;
use crate::layout::{EventFiles, FRAMES_SUFFIX};
use crate::ledger::Known;
use crate::name::is_beside;
use crate::remake::{Parts, sha256};
use crate::sidecar::{STREAM_KIND, Seal, Sidecar, SidecarError, check_seal};
use crate::stream::hashed_until;
use crate::{Archive, ArchiveError};

/// Serial number and file name.
pub(crate) type Place = (String, String);

/// Parts of a sidecar that are derived from source and report, and from nothing else.
const DERIVED: [&str; 2] = ["event", "peak_values"];

impl Archive {
    /// What is found of one event, and the files that its sidecar names.
    pub(super) fn verify_event(
        &self,
        place: &Place,
        options: VerifyOptions,
        reviewed: &BTreeSet<Place>,
        stop: &AtomicBool,
    ) -> (Verification, Vec<PathBuf>) {
        let mut found = Verification { events: 1, ..Verification::default() };
        let mut named = Vec::new();
        let event = self.layout().event(&place.0, &place.1);
        let looked = self.look_at(place, &event, (options, stop), reviewed, &mut found, &mut named);
        match looked {
            Ok(()) => {}
            // Each link is named where links are looked for.
            Err(ArchiveError::Link { path, source }) => {
                found.finding(self.relative(&path), FindingKind::Link, source.to_string());
            }
            Err(error) => {
                let path = self.relative(&event.sidecar());
                found.finding(path, FindingKind::SidecarUnreadable, error.to_string());
            }
        }
        (found, named)
    }

    fn named_by(&self, sidecar: &Sidecar, event: &EventFiles) -> Vec<PathBuf> {
        let beside = sidecar.own().files.unwrap_or_default().into_keys();
        let beside = beside.chain(sidecar.source().txt_filename);
        let stream = sidecar.stream().unwrap_or_default();
        let pieces = stream.pieces.into_iter().chain(stream.beside);
        let pieces = pieces.map(|piece| self.layout().root().join(piece.path));
        beside.map(|name| event.named(&name)).chain(pieces).collect()
    }

    fn look_at(
        &self,
        place: &Place,
        event: &EventFiles,
        (options, stop): (VerifyOptions, &AtomicBool),
        reviewed: &BTreeSet<Place>,
        found: &mut Verification,
        named: &mut Vec<PathBuf>,
    ) -> Result<(), ArchiveError> {
        let path = event.sidecar();
        let shown = self.relative(&path);
        let row = self.find(&place.0, &place.1)?;
        let known = match &row {
            Some(row) => self.known(row.id)?,
            None => None,
        };
        let known = known.filter(|known| !known.is_over());
        let known = known
            .filter(|known| (&known.event.serial, &known.event.filename) == (&place.0, &place.1));
        let Some(bytes) = self.read_if_there(&path)? else {
            if row.is_none() {
                // It has gone to another unit meanwhile.
                found.events = 0;
                return Ok(());
            }
            found.finding(shown, FindingKind::SidecarMissing, lost(row.as_ref(), known.as_ref()));
            let source = event.source();
            let sum = known.as_ref().and_then(|known| known.file(&place.1));
            if known.is_some() && self.read_if_there(&source)?.is_some() {
                let sum = sum.map(|sum| sum.to_string());
                self.check_file(&source, sum.as_deref(), SOURCE, found)?;
            }
            return Ok(());
        };
        found.hashed(bytes.len() as u64);
        let sidecar = match Sidecar::parse(&bytes) {
            Ok(sidecar) => sidecar,
            Err(error) => {
                let is_damage =
                    || known.as_ref().is_some_and(|known| known.is_newer_by_damage(&bytes));
                let kind = match error {
                    SidecarError::NewerSchema { .. } if !is_damage() => FindingKind::Newer,
                    _ => FindingKind::SidecarUnreadable,
                };
                found.finding(shown, kind, error.to_string());
                // The source is worth a look all the same.
                if let Some(row) = row {
                    let by_ledger = known.and_then(|known| known.file(&place.1));
                    let sum = by_ledger.map(|sum| sum.to_string()).or(row.sha256);
                    self.check_file(&event.source(), sum.as_deref(), SOURCE, found)?;
                }
                return Ok(());
            }
        };
        *named = self.named_by(&sidecar, event);
        let tool = sidecar.source().tool_version;
        let is_ours = sidecar.document().contains_key("wavekeep")
            || tool.is_some_and(|tool| tool.starts_with("wavekeep "))
            || reviewed.contains(place);
        match check_seal(&bytes) {
            Seal::Intact => {}
            Seal::Absent if !is_ours => {
                let has_sum = known.as_ref().is_some_and(|known| known.sidecar_sum().is_some());
                found.without_checksum += u64::from(!has_sum);
            }
            Seal::Absent | Seal::Broken => {
                let message =
                    "it is not as this program wrote it: damaged, or changed by another program";
                found.finding(shown.clone(), FindingKind::SidecarDiffers, message);
            }
        }
        let changed = known.as_ref().filter(|known| known.contradicts(&bytes));
        if let Some(known) = changed {
            let differing = known.differing(&sidecar);
            let message = format!(
                "it is not as the ledger has it since entry {} of {}{}{}",
                known.last.entry,
                known.last.at,
                if differing.is_empty() { "" } else { ": " },
                differing.join("; ")
            );
            found.finding(shown.clone(), FindingKind::SidecarDiffers, message);
        }
        if let Some(row) = &row
            && !self.has_monitor_log(row, &sidecar)?
        {
            let message = "the index has another monitor log than its report";
            found.finding(shown.clone(), FindingKind::IndexDisagrees, message);
        }
        self.compare_row(place, &sidecar, row, found);
        // What the ledger has counts: a sidecar that was changed accuses no file that was not.
        let sidecar = match changed.filter(|known| known.is_whole()) {
            Some(known) => known.sidecar(),
            None => sidecar,
        };
        if sidecar.kind() == STREAM_KIND {
            return self.check_stream(&sidecar, known.as_ref(), stop, found);
        }
        let of_ledger = |name: &str| {
            known.as_ref().and_then(|known| known.file(name)).map(|sum| sum.to_string())
        };
        let sum = sidecar.source_file().sha256.map(|sum| sum.to_lowercase());
        let sum = of_ledger(&place.1).or(sum);
        let source = self.check_file(&event.source(), sum.as_deref(), SOURCE, found)?;
        let own = sidecar.own();
        let named = |path: &Path| {
            path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned()
        };
        for (path, sum) in [(event.hdf5(), &own.hdf5_sha256), (event.gnz(), &own.gnz_sha256)] {
            let sum = of_ledger(&named(&path)).or(sum.clone());
            if sum.is_some() {
                self.check_file(&path, sum.as_deref(), ARRAYS, found)?;
            }
        }
        let mut beside = sidecar.own().files.unwrap_or_default();
        if let Some(known) = &known {
            beside.extend(known.beside());
        }
        let stated = [sidecar.source().txt_filename, sidecar.source().a5_pickle_filename];
        let mut report = None;
        for name in stated.iter().flatten() {
            if is_beside(name) {
                let sum = beside.remove(name);
                let read = self.check_file(&event.named(name), sum.as_deref(), BESIDE, found)?;
                report = read.filter(|_| !name.ends_with(FRAMES_SUFFIX)).or(report);
            }
        }
        for (name, sum) in beside.iter().filter(|(name, _)| is_beside(name)) {
            self.check_file(&event.named(name), Some(sum), BESIDE, found)?;
        }
        let tool = sidecar.source().tool_version;
        if tool.as_deref() != Some(TOOL_VERSION) {
            *match facts::is_newer(tool.as_deref()) {
                true => &mut found.newer_decoder,
                false => &mut found.older_decoder,
            } += 1;
            return Ok(());
        }
        // What is damaged has been said; decoding it would only say it again.
        if let (Some(bytes), false) = (source, options.without_decoding)
            && found.findings.is_empty()
        {
            self.decode_again(place, event, sidecar, bytes, report, found);
        }
        Ok(())
    }

    /// Hashes a file and gives its bytes.
    fn check_file(
        &self,
        path: &Path,
        sum: Option<&str>,
        (missing, differs, what): (FindingKind, FindingKind, &str),
        found: &mut Verification,
    ) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some(bytes) = self.read_if_there(path)? else {
            found.finding(self.relative(path), missing, format!("{what} is gone"));
            return Ok(None);
        };
        let Some(sum) = sum else {
            found.without_checksum += 1;
            return Ok(Some(bytes));
        };
        found.hashed(bytes.len() as u64);
        let is = sha256(&bytes);
        if is != sum {
            let message = format!("SHA-256 mismatch of {what}: found {is}, expected {sum}");
            found.finding(self.relative(path), differs, message);
        }
        Ok(Some(bytes))
    }

    fn compare_row(
        &self,
        (serial, filename): &Place,
        sidecar: &Sidecar,
        row: Option<EventRow>,
        found: &mut Verification,
    ) {
        let path = self.relative(&self.layout().event(serial, filename).sidecar());
        let Some(row) = row else {
            let message = "the index does not have this event";
            found.finding(path, FindingKind::IndexDisagrees, message);
            return;
        };
        let mut expected = EventRow::of(serial, filename, sidecar);
        // Known to the index alone.
        expected.last_seen.clone_from(&row.last_seen);
        expected.changed = row.changed;
        // They have sums of their own.
        expected.verdict.clone_from(&row.verdict);
        expected.judged.clone_from(&row.judged);
        expected.margin_percent = row.margin_percent;
        if expected.id == 0 {
            expected.id = row.id;
        }
        if expected != row {
            let (is, should) = (serde_json::json!(row), serde_json::json!(expected));
            let fields = should.as_object().into_iter().flatten();
            let fields: Vec<&str> = fields
                .filter(|(name, value)| is.get(name) != Some(value))
                .map(|(name, _)| name.as_str())
                .collect();
            let message = format!("the index has other values of {}", fields.join(", "));
            found.finding(path, FindingKind::IndexDisagrees, message);
        }
    }

    fn check_stream(
        &self,
        sidecar: &Sidecar,
        known: Option<&Known>,
        stop: &AtomicBool,
        found: &mut Verification,
    ) -> Result<(), ArchiveError> {
        let stream = sidecar.stream().unwrap_or_default();
        let of_ledger = |path: &Path| {
            let sum = known.and_then(|known| known.file(&path.to_string_lossy()));
            sum.map(|sum| sum.to_string())
        };
        for file in stream.pieces.iter().chain(&stream.beside) {
            let hashed = self
                .piece(&file.path)
                .map_err(|error| error.to_string())
                .and_then(|path| hashed_until(&path, stop).map_err(|error| error.to_string()));
            match hashed {
                Ok((sum, bytes)) => {
                    found.hashed(bytes);
                    let recorded = of_ledger(&file.path).unwrap_or_else(|| file.sha256.clone());
                    if sum != recorded {
                        let message = format!("it has the SHA-256 {sum}; {recorded} was recorded");
                        found.finding(file.path.clone(), FindingKind::StreamDiffers, message);
                    }
                }
                Err(error) => {
                    let message = format!("it cannot be read: {error}");
                    found.finding(file.path.clone(), FindingKind::StreamDiffers, message);
                }
            }
        }
        Ok(())
    }

    fn decode_again(
        &self,
        place: &Place,
        event: &EventFiles,
        sidecar: Sidecar,
        bytes: Vec<u8>,
        report: Option<Vec<u8>>,
        found: &mut Verification,
    ) {
        let name = sidecar.own().original_name.unwrap_or_else(|| place.1.clone());
        let sum = sha256(&bytes);
        let parts = Parts { event: event.clone(), sidecar, name, bytes, sha256: sum, report };
        let merged = match parts.merge() {
            Ok(merged) => merged,
            Err(error) => {
                let path = self.relative(&event.source());
                found.finding(path, FindingKind::NotDecoded, error.to_string());
                return;
            }
        };
        let place = facts::Place {
            serial: place.0.clone(),
            filename: place.1.clone(),
            filesize: parts.bytes.len() as u64,
            sha256: parts.sha256.clone(),
            source: parts.sidecar.source(),
            own: parts.sidecar.own(),
        };
        let again = facts::sidecar(&merged, place, Some(&parts.sidecar));
        let (was, is) = (parts.sidecar.document(), again.document());
        let differing: Vec<&str> = DERIVED
            .into_iter()
            .filter(|block| !is_same_derived(was.get(*block).unwrap_or(&Value::Null), &is[*block]))
            .collect();
        if !differing.is_empty() {
            let path = self.relative(&event.sidecar());
            let message =
                format!("its source gives another {} than it says", differing.join(" and "));
            found.finding(path, FindingKind::SidecarDisagrees, message);
        }
    }
}

/// An event of which there is no sidecar: what is known of it, and what to do.
fn lost(row: Option<&EventRow>, known: Option<&Known>) -> String {
    let Some(known) = known else {
        return "the index has this event, but it has no sidecar".to_owned();
    };
    let came = known.facts.get("source").and_then(|source| source.get("captured_at"));
    let came = came.and_then(Value::as_str).unwrap_or(&known.first.at);
    let began = row.and_then(|row| row.timestamp.as_deref());
    let began = began.map(|at| format!(", of {at} by the unit's clock")).unwrap_or_default();
    format!(
        "event {} is lost: it came in at {came}{began}, and its sidecar is gone: put its files back \
         from a backup, let `wavekeep repair` make it again if the source is there, or say \
         `wavekeep forget {} --reason …`",
        known.event.id, known.event.id
    )
}

const SOURCE: (FindingKind, FindingKind, &str) =
    (FindingKind::SourceMissing, FindingKind::SourceDiffers, "the source file");
const ARRAYS: (FindingKind, FindingKind, &str) =
    (FindingKind::ArraysMissing, FindingKind::ArraysDiffer, "the file of arrays");
const BESIDE: (FindingKind, FindingKind, &str) =
    (FindingKind::FileMissing, FindingKind::FileDiffers, "the file that came with the event");

impl Verification {
    fn hashed(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}
