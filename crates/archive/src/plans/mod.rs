//! Plans: a picture of a project or of the whole archive, and where locations are on it.
//!
//! The ledger has who set what and when, as entries `plan`; the pictures lie in `.wavekeep/plans` by their
//! SHA-256. Nothing else is kept, and no picture is removed: `docs/locations.md`.

mod change;
mod picture;
mod taken;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;
use wavekeep_custody::{Action, Entry, Hash};

pub use change::{PlanChange, PlanDone};
pub use picture::PlanPicture;

use crate::journal::stage;
use crate::ledger::Draft;
use crate::{Actor, Archive, ArchiveError};

/// Bytes of a name, at most.
const MOST_NAME: usize = 1000;

/// Why a plan cannot be as it was asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// It is no picture.
    #[error("a plan is a PNG, JPEG or SVG picture; this is none of them")]
    OtherFormat,
    /// It is too long.
    #[error("the picture of a plan has at most {} bytes; this has {bytes}", picture::MOST_BYTES)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It has too many pixels, or none.
    #[error(
        "the picture of a plan has 1 to 16384 pixels a side and at most 50 million in all; this has {width} × {height}"
    )]
    Pixels {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// It cannot be read.
    #[error("the {kind} picture cannot be read: {what}")]
    Damaged {
        /// PNG or JPEG.
        kind: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// There is none.
    #[error("there is no plan of {of}: set a picture first")]
    NoPlan {
        /// The project, or the archive.
        of: String,
    },
    /// A name is empty or too long.
    #[error("the project or location is empty or has more than {MOST_NAME} bytes")]
    Name,
    /// A place that is not on the picture.
    #[error(
        "a place on a plan is two numbers from 0 to 1, from its left and upper edge; this is {x}, {y}"
    )]
    Place {
        /// Across.
        x: f64,
        /// Down.
        y: f64,
    },
    /// The entry is of something else, or something came after it.
    #[error("entry {entry} is not the last change of a plan or of a place on it")]
    NotTheLast {
        /// The entry.
        entry: u64,
    },
}

/// Where a location is on a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Placement {
    /// The location, as it is written or corrected.
    pub location: String,
    /// From the left edge of the picture, as a share of its width.
    pub x: f64,
    /// From the upper edge of the picture, as a share of its height.
    pub y: f64,
    /// Whether it was placed on the picture that the plan has now. A place on an earlier one may be wrong.
    pub on_this_picture: bool,
    /// The entry in the ledger.
    pub entry: u64,
    /// When it was placed, in UTC.
    pub at: String,
    /// By whom.
    pub who: String,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The project; `None` is the whole archive.
    pub project: Option<String>,
    /// The picture.
    pub picture: PlanPicture,
    /// The entry in the ledger that set it.
    pub entry: u64,
    /// When it was set, in UTC.
    pub at: String,
    /// By whom.
    pub who: String,
    /// The locations on it, by name.
    pub places: Vec<Placement>,
}

/// All plans, and all that ever happened to them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Plans {
    /// Those that there are: that of the archive first, then by project.
    pub plans: Vec<Plan>,
    /// What happened, the earliest first.
    pub history: Vec<PlanChange>,
    /// Entries of the ledger with a plan that this program cannot read.
    pub not_understood: Vec<u64>,
}

impl Plans {
    /// The plan of a project, or of the archive.
    pub fn of(&self, project: Option<&str>) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.project.as_deref() == project)
    }

    fn new(history: Vec<PlanChange>, not_understood: Vec<u64>) -> Self {
        let mut pictures: BTreeMap<Option<String>, (&PlanChange, &PlanPicture)> = BTreeMap::new();
        let mut places: BTreeMap<(Option<&str>, &str), &PlanChange> = BTreeMap::new();
        for change in &history {
            match &change.done {
                PlanDone::Picture { picture: Some(picture) } => {
                    pictures.insert(change.project.clone(), (change, picture));
                }
                PlanDone::Picture { picture: None } => drop(pictures.remove(&change.project)),
                PlanDone::Place { location, .. } => {
                    places.insert((change.project.as_deref(), location), change);
                }
            }
        }
        let on_plan = |project: Option<&str>, sha256: &str| {
            let of_project = places.iter().filter(|((of, _), _)| *of == project);
            of_project.filter_map(|(_, change)| change.placement(sha256)).collect()
        };
        let plans = pictures.into_iter().map(|(project, (change, picture))| Plan {
            places: on_plan(project.as_deref(), &picture.sha256),
            project,
            picture: picture.clone(),
            entry: change.entry,
            at: change.at.clone(),
            who: change.who.clone(),
        });
        let plans = plans.collect();
        Self { plans, history, not_understood }
    }
}

impl Archive {
    /// All plans and their history.
    ///
    /// # Errors
    /// What the index or the system says.
    pub fn plans(&self) -> Result<Plans, ArchiveError> {
        let (mut history, mut not_understood) = (Vec::new(), Vec::new());
        for place in self.ask(crate::ledger::plans)? {
            let Ok(entry) = Entry::parse(&self.ledger_line(&place)?) else { continue };
            // What an older program did not know may be of something else.
            if entry.action != Action::Plan {
                continue;
            }
            match PlanChange::of(entry) {
                Some(change) => history.push(change),
                None => not_understood.push(place.entry),
            }
        }
        Ok(Plans::new(history, not_understood))
    }

    /// Sets the picture of a project's plan, or of the whole archive's: PNG or JPEG, `name` is that of its
    /// file. Locations stay where they were placed, and are marked as placed on another picture.
    ///
    /// # Errors
    /// [`ArchiveError::Plan`]: nothing was set then; otherwise what the system says.
    pub fn set_plan(
        &self,
        project: Option<&str>,
        bytes: &[u8],
        name: Option<&str>,
        who: impl Into<Actor>,
    ) -> Result<PlanChange, ArchiveError> {
        check_names(project, None)?;
        let mut picture = PlanPicture::of(bytes)?;
        picture.name = name.map(str::to_owned).filter(|name| name.len() <= MOST_NAME);
        let done = PlanDone::Picture { picture: Some(picture) };
        self.note_plan(PlanChange::new(project, done), Some(bytes), who.into())
    }

    /// Takes the plan of a project away. Its picture is kept: [`undo_plan`](Self::undo_plan) brings it back.
    ///
    /// # Errors
    /// [`ArchiveError::Plan`] where there is none; otherwise what the system says.
    pub fn remove_plan(
        &self,
        project: Option<&str>,
        who: impl Into<Actor>,
    ) -> Result<PlanChange, ArchiveError> {
        self.plan_of(project)?;
        let done = PlanDone::Picture { picture: None };
        self.note_plan(PlanChange::new(project, done), None, who.into())
    }

    /// Places a location on a plan, by shares of its width and height from its left and upper edge; `None`
    /// takes it off.
    ///
    /// # Errors
    /// [`ArchiveError::Plan`]: nothing was placed then; otherwise what the system says.
    pub fn place_location(
        &self,
        project: Option<&str>,
        location: &str,
        place: Option<[f64; 2]>,
        who: impl Into<Actor>,
    ) -> Result<PlanChange, ArchiveError> {
        check_names(project, Some(location))?;
        if let Some([x, y]) = place
            && !((0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y))
        {
            return Err(PlanError::Place { x, y }.into());
        }
        let plan = self.plan_of(project)?;
        let location = location.to_owned();
        let done = PlanDone::Place { location, place, picture: plan.picture.sha256 };
        self.note_plan(PlanChange::new(project, done), None, who.into())
    }

    /// Takes a change of a plan or of a place back, where it is the last one of that: what was before it is
    /// in force again, as an entry of its own.
    ///
    /// # Errors
    /// [`ArchiveError::Plan`] where it is not the last one; otherwise what the system says.
    pub fn undo_plan(&self, entry: u64, who: impl Into<Actor>) -> Result<PlanChange, ArchiveError> {
        let plans = self.plans()?;
        let change = plans.history.iter().find(|change| change.entry == entry);
        let of_same = |change: &PlanChange| {
            let all = plans.history.iter().filter(|other| other.is_of_same(change));
            all.cloned().collect::<Vec<_>>()
        };
        let mut same = change.map(of_same).unwrap_or_default();
        let last = same.pop().filter(|last| last.entry == entry);
        let last = last.ok_or(PlanError::NotTheLast { entry })?;
        let before = same.pop().map(|before| before.done);
        let done = before.unwrap_or_else(|| last.done.nothing());
        let mut change = PlanChange::new(last.project.as_deref(), done);
        change.undoes = Some(entry);
        self.note_plan(change, None, who.into())
    }

    /// The picture of a plan that there is or was; `None` where no entry names one of this sum.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`] where its bytes are not those that were set; what the system says.
    pub fn plan_picture(
        &self,
        sha256: &str,
    ) -> Result<Option<(PlanPicture, Vec<u8>)>, ArchiveError> {
        let plans = self.plans()?;
        let pictures = plans.history.iter().filter_map(|change| change.done.picture());
        let Some(picture) = pictures.into_iter().find(|picture| picture.sha256 == sha256) else {
            return Ok(None);
        };
        let Some(name) = picture.file_name() else { return Ok(None) };
        let path = self.layout().plans().join(name);
        // One byte more than the longest: what was put in its place is not read as a whole.
        let bytes = self.files().read_from(&path, 0, picture::MOST_BYTES as u64 + 1);
        let bytes = bytes.map_err(ArchiveError::io(&path, "read the file"))?;
        match Hash::of(&bytes).to_string() == picture.sha256 {
            true => Ok(Some((picture.clone(), bytes))),
            false => {
                let what = "its bytes are not those that were set".to_owned();
                Err(ArchiveError::Damaged { path, what })
            }
        }
    }

    fn plan_of(&self, project: Option<&str>) -> Result<Plan, ArchiveError> {
        let plans = self.plans()?;
        let of = || project.map_or("the archive".to_owned(), |of| format!("the project {of:?}"));
        Ok(plans.of(project).cloned().ok_or_else(|| PlanError::NoPlan { of: of() })?)
    }

    /// Writes a change into the ledger, behind its picture.
    fn note_plan(
        &self,
        mut change: PlanChange,
        bytes: Option<&[u8]>,
        by: Actor,
    ) -> Result<PlanChange, ArchiveError> {
        let mut draft = Draft::new(Action::Plan, by);
        draft.more.insert("plan".to_owned(), change.said());
        if let Some(undoes) = change.undoes {
            draft.more.insert("undoes".to_owned(), undoes.into());
        }
        (change.at, change.who) = (draft.at.clone(), draft.by.name.clone());
        change.entry = self.with_lock(|writer| {
            if let (Some(picture), Some(bytes)) = (change.done.picture(), bytes)
                && let Some(path) = self.plan_file(picture)
            {
                self.keep_picture(&path, bytes)?;
                let shown = self.relative(&path).to_string_lossy().into_owned();
                draft.files.insert(shown, Hash::of(bytes));
            }
            self.note(writer, vec![draft])?;
            crate::ledger::size(&writer.connection).map_err(|source| self.index_failed(source))
        })?;
        Ok(change)
    }

    /// Where a picture is kept.
    pub(crate) fn plan_file(&self, picture: &PlanPicture) -> Option<PathBuf> {
        Some(self.layout().plans().join(picture.file_name()?))
    }

    /// Puts the bytes of a picture into its place, on the disk when this returns.
    fn keep_picture(&self, path: &std::path::Path, bytes: &[u8]) -> Result<(), ArchiveError> {
        if self.read_if_there(path)?.is_some_and(|there| there == bytes) {
            return Ok(());
        }
        let folder = self.layout().plans();
        let files = self.files();
        files.create_folder(&folder).map_err(ArchiveError::io(&folder, "create the folder"))?;
        stage(files, self.layout(), path, bytes)?.publish(files, self.layout())?;
        let own = self.layout().own_folder();
        files
            .sync(&[], std::slice::from_ref(&own))
            .map_err(ArchiveError::io(&own, "sync the folder"))
    }

    /// The files of pictures that entries name, with their sums; and those that no entry names.
    pub(crate) fn plan_files(
        &self,
    ) -> Result<(BTreeMap<PathBuf, String>, Vec<PathBuf>), ArchiveError> {
        let plans = self.plans()?;
        let pictures = plans.history.iter().filter_map(|change| change.done.picture());
        let named: BTreeMap<PathBuf, String> = pictures
            .filter_map(|picture| Some((self.plan_file(picture)?, picture.sha256.clone())))
            .collect();
        let folder = self.layout().plans();
        let listed = if folder.is_dir() { self.listed(&folder)? } else { Vec::new() };
        let there: BTreeSet<PathBuf> =
            listed.into_iter().map(|entry| folder.join(entry.name)).collect();
        let others = there.into_iter().filter(|path| !named.contains_key(path)).collect();
        Ok((named, others))
    }
}

fn check_names(project: Option<&str>, location: Option<&str>) -> Result<(), PlanError> {
    let is_name = |name: &str| !name.trim().is_empty() && name.len() <= MOST_NAME;
    match [project, location].into_iter().flatten().all(is_name) {
        true => Ok(()),
        false => Err(PlanError::Name),
    }
}
