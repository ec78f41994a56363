//! Runs that were opened in another process and are opened again in this one, each of them once.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use pyo3::prelude::*;
use wavekeep_smurf::{Identity, PieceIdentity, Run};

use crate::failure::{Failure, detached};
use crate::stream::Stream;

/// An identity as Python has it: the name; the pieces as name, length, time and checksum of their
/// ends; missing pieces; the channel of the metadata.
pub type IdentityFacts = (OsString, Vec<(OsString, u64, u64, u64)>, Vec<u64>, Option<u8>);

/// The identity of a run in the types of Python.
pub fn facts_of(identity: Identity) -> IdentityFacts {
    let Identity { name, pieces, missing, metadata_channel } = identity;
    let facts = |it: PieceIdentity| (it.name.into(), it.length, it.modified_ns, it.ends);
    (name.into(), pieces.into_iter().map(facts).collect(), missing, metadata_channel)
}

fn identity_of((name, pieces, missing, metadata_channel): IdentityFacts) -> Identity {
    let piece = |(name, length, modified_ns, ends): (OsString, u64, u64, u64)| PieceIdentity {
        name: name.into(),
        length,
        modified_ns,
        ends,
    };
    let pieces = pieces.into_iter().map(piece).collect();
    Identity { name: name.into(), pieces, missing, metadata_channel }
}

/// Runs by folder and identity.
type Runs = HashMap<(PathBuf, Identity), Weak<Run>>;

/// The runs that are open: they close when nobody uses them any longer.
static OPEN: LazyLock<Mutex<Runs>> = LazyLock::new(Mutex::default);

/// Opens a run again as it was, by its index without going through it. All that this process opens
/// of one run in this way has the same files and maps.
#[pyfunction]
#[pyo3(signature = (folder, identity, index=None))]
pub fn reopen(
    py: Python<'_>,
    folder: PathBuf,
    identity: IdentityFacts,
    index: Option<Vec<u8>>,
) -> PyResult<Stream> {
    detached(py, || shared(folder, identity_of(identity), index.as_deref()).map(Stream::of_shared))
}

fn shared(folder: PathBuf, identity: Identity, index: Option<&[u8]>) -> Result<Arc<Run>, Failure> {
    let key = (folder, identity);
    let open = || OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let there = open().get(&key).and_then(Weak::upgrade);
    if let Some(run) = there {
        run.compare_with(&key.1)?;
        return Ok(run);
    }
    let run = Arc::new(Run::open_again(&key.0, &key.1, index)?);
    let mut open = open();
    open.retain(|_, run| run.strong_count() > 0);
    open.insert(key, Arc::downgrade(&run));
    Ok(run)
}
