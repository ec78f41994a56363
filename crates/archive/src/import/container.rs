//! Zip and tar archives, read without unpacking them to the disk.
//!
//! Two passes: the first one lists, and holds what comes with events (reports, raw frames); the
//! second one hands on the events. Nothing in such an archive names a place here: of a name only
//! the last component is used.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use derive_setters::Setters;
use flate2::read::MultiGzDecoder;
use wavekeep_formats::{HEAD_LEN, detect};

use super::batch::{Content, Pending, option_of};
use super::pairing::{Pairs, is_report_folder, is_text, skipped_by_name};
use super::{Fate, Finder};
use crate::monitor_log_files::is_monitor_log;

/// How far zip and tar archives are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct ContainerLimits {
    /// Files in one archive.
    pub entries: usize,
    /// Bytes of one archive when it is unpacked, whatever its size.
    pub unpacked_bytes: u64,
    /// Beyond `unpacked_bytes`, so many times the archive's size.
    pub ratio: u64,
    /// Bytes of reports and raw frames that are held until their events come.
    pub held_bytes: u64,
}

impl Default for ContainerLimits {
    fn default() -> Self {
        Self { entries: 1_000_000, unpacked_bytes: 1 << 30, ratio: 200, held_bytes: 64 << 20 }
    }
}

/// Longest path of an entry, in bytes.
const PATH_BYTES: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
    TarGz,
}

fn kind(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    if name.ends_with(".zip") {
        Some(Kind::Zip)
    } else if name.ends_with(".tar") {
        Some(Kind::Tar)
    } else if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
        Some(Kind::TarGz)
    } else {
        None
    }
}

/// Whether a file is a zip or tar archive, by its name and its first bytes.
pub(super) fn is_container(path: &Path) -> bool {
    let Some(kind) = kind(path) else { return false };
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(512).read_to_end(&mut head));
    read.is_ok()
        && match kind {
            Kind::Zip => head.starts_with(b"PK"),
            Kind::TarGz => head.starts_with(&[0x1f, 0x8b]),
            Kind::Tar => head.get(257..262) == Some(b"ustar"),
        }
}

/// A file in an archive: its path there, with `/` between folders, and what is in it, or why that
/// cannot be had.
struct Entry<'r> {
    path: String,
    content: Result<&'r mut dyn Read, String>,
}

/// What goes through an archive hears of each file; an error ends it.
type Visit<'v> = &'v mut dyn FnMut(usize, Entry<'_>) -> io::Result<()>;

fn too_much(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::QuotaExceeded, what)
}

/// Goes through all files of an archive in its order.
fn each(path: &Path, limits: ContainerLimits, visit: Visit<'_>) -> io::Result<()> {
    let file = File::open(path)?;
    let allowed = limits.unpacked_bytes.max(file.metadata()?.len().saturating_mul(limits.ratio));
    match kind(path) {
        Some(Kind::Zip) => each_of_zip(file, limits, allowed, visit),
        Some(Kind::TarGz) => {
            let unpacked = MultiGzDecoder::new(BufReader::new(file));
            each_of_tar(Allowed { inner: unpacked, left: allowed }, limits, visit)
        }
        _ => each_of_tar(Allowed { inner: BufReader::new(file), left: u64::MAX }, limits, visit),
    }
}

/// A reader that refuses to go on beyond a number of bytes.
struct Allowed<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Allowed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            too_much("it unpacks to far more than archives of events do: the rest was left".into())
        })?;
        Ok(read)
    }
}

fn each_of_zip(
    file: File,
    limits: ContainerLimits,
    allowed: u64,
    visit: Visit<'_>,
) -> io::Result<()> {
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(io::Error::other)?;
    if archive.len() > limits.entries {
        return Err(too_much(format!(
            "it lists {} files, more than {}",
            archive.len(),
            limits.entries
        )));
    }
    let mut left = allowed;
    for place in 0..archive.len() {
        let named = archive.name_for_index(place).and_then(Result::ok);
        let path =
            named.map_or_else(|| format!("file {}", place + 1), |name| name.replace('\\', "/"));
        let entry = match archive.by_index(place) {
            Ok(entry) if !entry.is_file() => continue,
            Ok(entry) => entry,
            // Encrypted, an unknown method, no such place: this file alone.
            Err(error) => {
                visit(place, Entry { path, content: Err(error.to_string()) })?;
                continue;
            }
        };
        let mut content = Allowed { inner: entry, left };
        visit(place, Entry { path, content: Ok(&mut content) })?;
        left = content.left;
    }
    Ok(())
}

fn each_of_tar(reader: impl Read, limits: ContainerLimits, visit: Visit<'_>) -> io::Result<()> {
    let mut archive = tar::Archive::new(reader);
    // Raw: names that go on in entries of their own are read here, within bounds.
    let mut long_name = None;
    for (place, entry) in archive.entries()?.raw(true).enumerate() {
        if place >= limits.entries {
            return Err(too_much(format!("it lists more than {} files", limits.entries)));
        }
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if kind.is_gnu_longname() {
            let mut name = Vec::new();
            entry.by_ref().take(PATH_BYTES as u64 + 1).read_to_end(&mut name)?;
            let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
            long_name = Some(String::from_utf8_lossy(&name[..end]).into_owned());
        } else if kind.is_pax_local_extensions() {
            let mut records = Vec::new();
            entry.by_ref().take(64 << 10).read_to_end(&mut records)?;
            let path = tar::PaxExtensions::new(&records)
                .flatten()
                .find(|record| record.key() == Ok("path"))
                .map(|record| String::from_utf8_lossy(record.value_bytes()).into_owned());
            long_name = path.or(long_name);
        } else if kind.is_file() {
            let own = || String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = long_name.take().unwrap_or_else(own).replace('\\', "/");
            visit(place, Entry { path, content: Ok(&mut entry) })?;
        } else {
            long_name = None;
        }
    }
    Ok(())
}

/// Bytes of an entry, refused when there are more than `limit`.
fn read(content: &mut dyn Read, mut bytes: Vec<u8>, limit: u64) -> io::Result<Vec<u8>> {
    let had = bytes.len() as u64;
    content.take((limit + 1).saturating_sub(had)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Folder and name of an entry; reports in a `TXT` or `CSV` folder belong to the folder above.
fn place(path: &str) -> (String, &str) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = match folder.rsplit_once('/') {
        Some((above, last)) if is_report_folder(last) => above,
        None if is_report_folder(folder) => "",
        _ => folder,
    };
    (folder.to_owned(), name)
}

/// What is known of an archive after the first pass. Numbers are places of entries.
#[derive(Default)]
struct Plan {
    report: HashMap<usize, (String, usize)>,
    frames: HashMap<usize, usize>,
    /// Entries that come with another one.
    held: HashMap<usize, Option<Vec<u8>>>,
}

impl Finder<'_, '_> {
    /// All that is in a zip or tar archive.
    pub(super) fn container(&mut self, path: &Path) {
        let limits = self.shared.options.limits;
        let plan = plan(path, limits, self.shared.options.without_reports);
        let done = plan.and_then(|plan| self.entries(path, limits, &plan));
        if let Err(error) = done {
            let kind = match error.kind() {
                io::ErrorKind::QuotaExceeded => "limit",
                _ => "archive",
            };
            self.notify(path, Fate::failed(kind, error));
        }
    }

    fn entries(&mut self, path: &Path, limits: ContainerLimits, plan: &Plan) -> io::Result<()> {
        let decode = self.shared.options.decode_limits;
        each(path, limits, &mut |number, entry| {
            if self.shared.is_stopped() {
                return Ok(());
            }
            let shown = format!("{}/{}", path.display(), entry.path);
            if entry.path.len() > PATH_BYTES {
                let cut: String = entry.path.chars().take(80).collect();
                self.notify(&path.join(cut), Fate::failed("name", "its path is too long"));
                return Ok(());
            }
            if matches!(plan.held.get(&number), Some(Some(_))) {
                return Ok(());
            }
            let name = place(&entry.path).1.to_owned();
            if let Some(reason) = skipped_by_name(&name) {
                self.shared.notify(shown, Fate::Skipped { reason });
                return Ok(());
            }
            if kind(Path::new(&name)).is_some() {
                let reason = "archive within an archive: unpack it first";
                self.shared.notify(shown, Fate::Skipped { reason });
                return Ok(());
            }
            let content = match entry.content {
                Ok(content) => content,
                Err(why) => {
                    self.shared.notify(shown, Fate::failed("member", why));
                    return Ok(());
                }
            };
            let refuse = |shown: String, error: io::Error| match error.kind() {
                // The whole archive is refused: all that follows would be, too.
                io::ErrorKind::QuotaExceeded => Err(error),
                _ => {
                    self.shared.notify(shown, Fate::failed("member", error));
                    Ok(())
                }
            };
            let head = match read(content, Vec::new(), HEAD_LEN as u64 - 1) {
                Ok(head) => head,
                Err(error) => return refuse(shown, error),
            };
            let limit = match (detect(&head, Some(&name)), is_text(&name)) {
                _ if is_monitor_log(&head, &name) => decode.event_bytes,
                (Some(_), _) => decode.event_bytes,
                (None, true) => decode.report_text_bytes,
                (None, false) => {
                    let is_stream =
                        wavekeep_smurf::detect(&head, Some(&name)) != wavekeep_core::Match::No;
                    let reason = match is_stream {
                        true => "stream in an archive: unpack it first",
                        false => "no known format",
                    };
                    self.shared.notify(shown, Fate::Skipped { reason });
                    return Ok(());
                }
            };
            let bytes = match read(content, head, limit) {
                Ok(bytes) => bytes,
                Err(error) => return refuse(shown, error),
            };
            if bytes.len() as u64 > limit {
                let message = format!("it has more than {limit} bytes ({})", option_of(&name));
                self.shared.notify(shown, Fate::failed("limit", message));
                return Ok(());
            }
            let held = |number: &usize| plan.held.get(number).cloned().flatten().map(Content::Held);
            let report = plan.report.get(&number);
            self.push(Pending {
                shown,
                name,
                content: Content::Held(bytes),
                report: report.and_then(|(name, report)| Some((name.clone(), held(report)?))),
                frames: plan.frames.get(&number).and_then(held),
            });
            Ok(())
        })
    }
}

/// The first pass.
fn plan(path: &Path, limits: ContainerLimits, without_reports: bool) -> io::Result<Plan> {
    let mut folders: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
    let mut texts: HashMap<usize, Vec<u8>> = HashMap::new();
    let mut left = limits.held_bytes;
    let mut names_left = limits.held_bytes;
    let listed = each(path, limits, &mut |number, entry| {
        let (folder, name) = place(&entry.path);
        let is_companion = is_text(name) || name.to_ascii_lowercase().ends_with(".a5.pkl");
        names_left = names_left.checked_sub(entry.path.len() as u64).ok_or_else(|| {
            too_much("the names of its files take more memory than is allowed".to_owned())
        })?;
        if is_companion && skipped_by_name(name).is_none() {
            let bytes = match entry.content {
                Ok(content) => read(content, Vec::new(), left),
                Err(why) => Err(io::Error::other(why)),
            };
            match bytes {
                // What does not fit is paired when it comes.
                Ok(bytes) if bytes.len() as u64 <= left => {
                    left -= bytes.len() as u64;
                    texts.insert(number, bytes);
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::QuotaExceeded => return Err(error),
                // It is named when the files are taken.
                Err(_) => {}
            }
        }
        folders.entry(folder).or_default().push((number, name.to_owned()));
        Ok(())
    });
    match listed {
        Err(error) if error.kind() == io::ErrorKind::QuotaExceeded || folders.is_empty() => {
            return Err(error);
        }
        // Damaged from some place on: what stands before it is taken, then the damage is named.
        _ => {}
    }
    let mut plan = Plan::default();
    for files in folders.into_values() {
        let pairs = Pairs::of(files.iter().map(|(_, name)| name.as_str()));
        for (event, report) in pairs.report {
            if without_reports {
                continue;
            }
            let (number, name) = &files[report];
            plan.report.insert(files[event].0, (name.clone(), *number));
            plan.held.entry(*number).or_insert_with(|| texts.remove(number));
        }
        for (event, frames) in pairs.frames {
            let number = files[frames].0;
            plan.frames.insert(files[event].0, number);
            plan.held.entry(number).or_insert_with(|| texts.remove(&number));
        }
    }
    Ok(plan)
}
