//! Plans of an archive that is taken in.

use std::collections::BTreeSet;

use super::PlanPicture;
use crate::{Archive, ArchiveError};

impl Archive {
    /// Takes in the plans of another archive that are of these projects; `None` is the whole archive. Where
    /// this archive has or had a plan of the project, it stays as it is. Gives the number of plans.
    pub(crate) fn take_in_plans(
        &self,
        other: &Archive,
        projects: &BTreeSet<Option<String>>,
    ) -> Result<u64, ArchiveError> {
        let (mine, plans) = (self.plans()?, other.plans()?.plans);
        let mut taken = 0;
        for plan in plans.iter().filter(|plan| projects.contains(&plan.project)) {
            if mine.history.iter().any(|change| change.project == plan.project) {
                continue;
            }
            // What cannot be read there is left to its `verify`.
            let Ok(Some((PlanPicture { name, .. }, bytes))) =
                other.plan_picture(&plan.picture.sha256)
            else {
                continue;
            };
            let (project, by) = (plan.project.as_deref(), self.actor());
            self.set_plan(project, &bytes, name.as_deref(), by.clone())?;
            for place in plan.places.iter().filter(|place| place.on_this_picture) {
                let at = Some([place.x, place.y]);
                self.place_location(project, &place.location, at, by.clone())?;
            }
            taken += 1;
        }
        Ok(taken)
    }
}
