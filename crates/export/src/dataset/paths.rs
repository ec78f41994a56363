//! Where arrays stand in targets that have groups.

use std::collections::BTreeMap;

use super::Variable;
use crate::{ExportError, Target};

/// What stands at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Array,
    Group,
}

/// The path of each array below the root, `Tran/peak`; names with `/` lead through groups. As HDF5 has
/// it, a separator in front and one behind another say nothing. `reserved` is taken already, and
/// `name_fault` says why a target has no name like one.
///
/// # Errors
/// When two arrays want one place, or a name is none.
pub(crate) fn paths<'v>(
    variables: impl Iterator<Item = &'v Variable<'v>>,
    reserved: Option<&str>,
    target: Target,
    name_fault: fn(&str) -> Option<&'static str>,
) -> Result<Vec<String>, ExportError> {
    let mut taken: BTreeMap<String, Place> =
        reserved.map(|path| (path.to_owned(), Place::Array)).into_iter().collect();
    let path_of = |variable: &Variable<'_>| {
        let name = match &variable.group {
            None => variable.name.to_string(),
            Some(group) => format!("{group}/{}", variable.name),
        };
        let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
        let path = parts.join("/");
        let fault = parts
            .iter()
            .find_map(|part| name_fault(part))
            .or(parts.is_empty().then_some("which names nothing"))
            .or_else(|| clash(&mut taken, &path));
        match fault {
            None => Ok(path),
            Some(why) => {
                let shown: String = name.chars().take(40).collect();
                Err(ExportError::unrepresentable(
                    target,
                    format!("an array called {shown:?}, {why}"),
                    "rename the array or the channel, or write npz or gnz",
                ))
            }
        }
    };
    variables.map(path_of).collect()
}

/// Takes the path of an array and those of the groups that it lies in; why that cannot be.
fn clash(taken: &mut BTreeMap<String, Place>, path: &str) -> Option<&'static str> {
    for (end, _) in path.match_indices('/') {
        if *taken.entry(path[..end].to_owned()).or_insert(Place::Group) == Place::Array {
            return Some("where an array is called like its group");
        }
    }
    match taken.insert(path.to_owned(), Place::Array) {
        None => None,
        Some(Place::Array) => Some("which is taken"),
        Some(Place::Group) => Some("where a group is called like it"),
    }
}
