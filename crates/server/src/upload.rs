//! The files of a request: received, paired by name, read when their events are saved.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;

use axum::extract::multipart::{Multipart, MultipartError};
use axum::http::StatusCode;
use wavekeep_archive::{FRAMES_SUFFIX, is_monitor_log};
use wavekeep_formats::EVENT_FORMATS;

use crate::problem::Problem;
use crate::state::State;
use crate::temporary::{self, Temporary};

/// Events whose bytes are in memory at a time.
const AT_A_TIME: usize = 64;
/// Bytes of events that are in memory at a time; one event may have more.
pub const BYTES_AT_A_TIME: u64 = 32 << 20;

/// A file that came in.
pub struct Received {
    /// What the client calls it.
    pub name: String,
    /// Where it begins in the file that holds all of the request.
    offset: u64,
    head: Vec<u8>,
    /// Its bytes.
    pub len: u64,
}

/// The files of a request, one behind the other in one file on the disk: however many they are, they
/// take one descriptor.
pub struct Upload {
    file: Temporary,
    /// The files, in the order in which they came.
    pub files: Vec<Received>,
}

/// The files of a request, on disk.
pub async fn receive(state: &State, mut form: Multipart) -> Result<Upload, Problem> {
    let mut file = state.temporaries.upload(&state.archive);
    let (mut all, mut offset) = (Vec::new(), 0);
    let too_large =
        |detail: String| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail);
    while let Some(mut part) = form.next_field().await.map_err(|error| cut(&error))? {
        let Some(name) = part.file_name().map(str::to_owned) else { continue };
        if all.len() == state.limits.files {
            return Err(too_large(format!("a request holds at most {} files", state.limits.files)));
        }
        let (mut head, mut len) = (Vec::new(), 0);
        while let Some(chunk) = part.chunk().await.map_err(|error| cut(&error))? {
            len += chunk.len() as u64;
            if len > state.limits.file_bytes {
                let most = state.limits.file_bytes;
                return Err(too_large(format!(
                    "{name:?} is longer than {most} bytes, the most that is taken of a file \
                     (--max-file-bytes of the server)"
                )));
            }
            let wanted = wavekeep_formats::HEAD_LEN.saturating_sub(head.len()).min(chunk.len());
            head.extend_from_slice(&chunk[..wanted]);
            // Into the system's memory at first: short enough for this thread.
            file.write_all(&chunk).map_err(|error| temporary::failed(&error))?;
        }
        all.push(Received { name, offset, head, len });
        offset += len;
    }
    Ok(Upload { file, files: all })
}

fn cut(error: &MultipartError) -> Problem {
    let status = match error.status() {
        status if status.is_client_error() => status,
        _ => StatusCode::BAD_REQUEST,
    };
    let kind = if status == StatusCode::PAYLOAD_TOO_LARGE { "too_large" } else { "multipart" };
    Problem::new(status, kind, error.body_text())
}

impl Upload {
    /// The bytes of one of the files.
    pub fn bytes(&mut self, index: usize) -> Result<Vec<u8>, Problem> {
        let Received { offset, len, .. } = self.files[index];
        let mut bytes = Vec::new();
        let found = self.file.seek(SeekFrom::Start(offset));
        let read = found.and_then(|_| (&mut self.file).take(len).read_to_end(&mut bytes));
        read.map_err(|error| Problem::internal(&error))?;
        Ok(bytes)
    }
}

impl Received {
    /// Whether it is a monitor log.
    pub fn is_monitor_log(&self) -> bool {
        self.len > 0 && is_monitor_log(&self.head, &self.name)
    }

    fn is_event(&self) -> bool {
        self.len > 0
            && !self.is_monitor_log()
            && wavekeep_formats::detect(&self.head, Some(&self.name)).is_some()
    }
}

/// Files that belong together, as indices of the files of the request.
#[derive(Clone)]
#[non_exhaustive]
pub struct Group {
    /// The event, or raw frames in its place.
    pub event: usize,
    /// Its report.
    pub report: Option<usize>,
    /// Its raw frames.
    pub frames: Option<usize>,
}

impl Group {
    /// The indices of its files.
    pub fn files(&self) -> impl Iterator<Item = usize> {
        [Some(self.event), self.report, self.frames].into_iter().flatten()
    }
}

/// Pairs by name, by the one rule that formats have for it; gives the rest too.
pub fn pair(files: &[Received]) -> (Vec<Group>, Vec<usize>) {
    let mut by_name: HashMap<String, usize> = HashMap::new();
    for (index, file) in files.iter().enumerate() {
        by_name.entry(file.name.to_ascii_lowercase()).or_insert(index);
    }
    let find = |wanted: &str| by_name.get(&wanted.to_ascii_lowercase()).copied();
    let (mut groups, mut taken) = (Vec::new(), vec![false; files.len()]);
    for (event, file) in files.iter().enumerate().filter(|(_, file)| file.is_event()) {
        let frames = find(&format!("{}{FRAMES_SUFFIX}", file.name));
        let names = EVENT_FORMATS.iter().flat_map(|format| format.report_names(&file.name));
        let report = names.into_iter().find_map(|name| find(&name)).filter(|found| *found != event);
        let group = Group { event, report, frames };
        group.files().for_each(|index| taken[index] = true);
        groups.push(group);
    }
    // Frames that belong to an event file come with it and not for themselves.
    let with_event: Vec<usize> = groups.iter().filter_map(|group| group.frames).collect();
    groups.retain(|group| !with_event.contains(&group.event));
    let alone = (0..files.len()).filter(|index| !taken[*index]).collect();
    (groups, alone)
}

/// Ranges of events that are in memory together, by their bytes.
pub fn portions(weights: &[u64]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut first = 0;
    std::iter::from_fn(move || {
        let mut left = BYTES_AT_A_TIME;
        let fits = weights[first..].iter().take(AT_A_TIME).take_while(|weight| {
            let fits = **weight <= left;
            left = left.saturating_sub(**weight);
            fits
        });
        let count = fits.count().max(1);
        let portion = first..(first + count).min(weights.len());
        first = portion.end;
        (!portion.is_empty()).then_some(portion)
    })
}
