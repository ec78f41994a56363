//! `wavekeep export`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use serde_json::json;
use tempfile::NamedTempFile;
use wavekeep_archive::{Archive, Query};

use super::{count, look};
use crate::args::{Args, ExportArgs, ExportTarget};
use crate::exit::{Account, Usage};
use crate::terminal::outln;
use crate::{interrupt, render};

/// Writes the events of a question.
pub fn run(args: &Args, command: &ExportArgs) -> anyhow::Result<Account> {
    let archive = look(args, &command.archive.archive)?;
    let query = command.which.query(&archive)?;
    if archive.query(&Query { limit: Some(0), ..query.clone() })?.total == 0 {
        anyhow::bail!("no event matches: nothing was written");
    }
    let path = match (&command.output, command.target) {
        (None, ExportTarget::Csv) => {
            let mut out = BufWriter::new(std::io::stdout());
            archive.export_csv(&query, &mut out)?;
            out.flush()?;
            return Ok(Account::default());
        }
        (None, _) => {
            return Err(Usage("say where it goes: -o FILE".to_owned()).into());
        }
        (Some(path), _) => path,
    };
    if path.exists() && !command.force {
        anyhow::bail!("{} exists already: --force replaces it", path.display());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    interrupt::cleans_up(folder);
    let mut temporary = tempfile::Builder::new()
        .prefix(&interrupt::temporary_prefix())
        .tempfile_in(folder)
        .with_context(|| format!("cannot write into {}", folder.display()))?;
    let account = fill(args, command.target, &archive, &query, &mut temporary, path)?;
    temporary.as_file().sync_all()?;
    if command.force {
        temporary.persist(path)?;
    } else {
        temporary.persist_noclobber(path)?;
    }
    sync(folder);
    Ok(account)
}

fn fill(
    args: &Args,
    target: ExportTarget,
    archive: &Archive,
    query: &Query,
    file: &mut NamedTempFile,
    path: &Path,
) -> anyhow::Result<Account> {
    let shown = path.display();
    let mut out = BufWriter::new(file.as_file_mut());
    let events = match target {
        ExportTarget::Csv => archive.export_csv(query, &mut out)?,
        ExportTarget::Parquet => archive.export_parquet(query, &mut out)?,
        ExportTarget::Zip => {
            let originals = archive.export_originals(query, &mut out)?;
            out.flush()?;
            if args.json {
                outln!("{}", json!({ "path": path, "originals": originals }));
            } else {
                for damaged in &originals.damaged {
                    render::error(damaged);
                }
                if originals.streams > 0 {
                    render::care(format_args!(
                        "{} left out: their files stay where they are",
                        count(originals.streams, "stream")
                    ));
                }
                if !args.quiet {
                    outln!(
                        "{shown}: {}, {}",
                        count(originals.events, "event"),
                        count(originals.files, "file")
                    );
                }
            }
            return Ok(Account { damaged: originals.damaged.len(), ..Account::default() });
        }
    };
    out.flush()?;
    if args.json {
        outln!("{}", json!({ "path": path, "events": events }));
    } else if !args.quiet {
        outln!("{shown}: {}", count(events, "event"));
    }
    Ok(Account::default())
}

/// The name of the new file is on the disk too, where folders can be synced.
fn sync(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
