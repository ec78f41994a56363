//! Who does something, and from where.

/// Who changes the archive, as the ledger notes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Actor {
    /// The name of a token, or the user of the machine.
    pub name: String,
    /// An address, or the machine. Empty where it is not known.
    pub from: String,
}

impl Actor {
    /// The user of this machine.
    pub fn local() -> Self {
        Self::from(machine_user())
    }

    /// Somebody at an address.
    pub fn at(name: impl Into<String>, from: impl Into<String>) -> Self {
        Self { name: name.into(), from: from.into() }
    }
}

impl<T: Into<String>> From<T> for Actor {
    /// Somebody at this machine.
    fn from(name: T) -> Self {
        Self { name: name.into(), from: machine() }
    }
}

/// The user of the machine: who reviews or imports where nobody says it otherwise.
pub fn machine_user() -> String {
    first_of(&["USER", "LOGNAME", "USERNAME"]).unwrap_or_else(|| "local".to_owned())
}

/// The name of the machine, where it says it.
fn machine() -> String {
    let of_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let of_kernel = of_kernel.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    of_kernel.or_else(|| first_of(&["COMPUTERNAME", "HOSTNAME"])).unwrap_or_default()
}

fn first_of(names: &[&str]) -> Option<String> {
    names.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty())
}
