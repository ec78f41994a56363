//! Whose files are: what the superuser makes in another user's archive belongs to that user, so that a
//! command of an administrator does not lock a service out of its own archive.

use std::io;
use std::path::Path;

/// The user and the group to whom new files are given; nobody where they belong to the one who makes them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Owner {
    #[cfg(unix)]
    to: Option<(u32, u32)>,
}

#[cfg(unix)]
impl Owner {
    /// The owner of an archive, where this process is the superuser's and the archive is not.
    pub(crate) fn of(root: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        if !rustix::process::geteuid().is_root() {
            return Self::default();
        }
        let found = std::fs::metadata(root).ok().filter(|found| found.uid() != 0);
        Self { to: found.map(|found| (found.uid(), found.gid())) }
    }

    /// Gives a file or folder away; a link itself, not what it leads to.
    pub(crate) fn give(&self, path: &Path) -> io::Result<()> {
        match self.to {
            Some((user, group)) => std::os::unix::fs::lchown(path, Some(user), Some(group)),
            None => Ok(()),
        }
    }

    /// Who it is: a name, where the machine has one, else the number.
    pub(crate) fn name(&self) -> Option<String> {
        let (user, _) = self.to?;
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let named = users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)?.parse() == Ok(user)).then(|| name.to_owned())
        });
        Some(named.unwrap_or_else(|| user.to_string()))
    }
}

#[cfg(not(unix))]
impl Owner {
    pub(crate) fn of(_: &Path) -> Self {
        Self::default()
    }

    #[expect(clippy::unused_self, reason = "it has an owner on other systems")]
    pub(crate) fn give(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "it has an owner on other systems")]
    pub(crate) fn name(&self) -> Option<String> {
        None
    }
}

impl Owner {
    /// Makes a folder with all that lead to it, and gives those away that were not there.
    pub(crate) fn create_folder(&self, folder: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = folder
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
            .collect();
        std::fs::create_dir_all(folder)?;
        missing.into_iter().try_for_each(|made| self.give(made))
    }
}
