//! `wavekeep export`

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::json;
use wavekeep_archive::{Archive, ExportFailure, Originals, Query};
use wavekeep_export::publish_file;

use super::{count, lake, look};
use crate::args::{Args, ExportArgs, ExportTarget};
use crate::exit::{Account, Usage};
use crate::terminal::outln;
use crate::{interrupt, render};

/// Writes the events of a question, or all of them into a lake.
pub fn run(args: &Args, command: &ExportArgs) -> anyhow::Result<Account> {
    match (&command.lake, command.target) {
        (Some(place), ExportTarget::Lake) => return lake::export(args, command, place),
        (None, ExportTarget::Lake) => {
            let message = "say where the lake is: a folder, or s3://bucket/prefix";
            return Err(Usage(message.to_owned()).into());
        }
        (Some(place), _) => {
            let message = format!("{place}: only --to lake takes a URL; -o FILE names a file");
            return Err(Usage(message).into());
        }
        (None, _) => {}
    }
    let archive = look(args, &command.archive.archive)?;
    let query = command.which.query(&archive)?;
    if archive.query(&query.clone().with_limit(Some(0)))?.total == 0 {
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
    interrupt::cleans_up(folder.unwrap_or(Path::new(".")));
    let mut filled = None;
    let published = publish_file(path, command.force, |out| {
        let written = fill(command.target, &archive, &query, out);
        let is_written = written.is_ok();
        filled = Some(written);
        // The error itself is in `filled`.
        is_written.then_some(()).ok_or_else(|| std::io::Error::other("not written").into())
    });
    let written = match filled {
        Some(written) => written?,
        None => {
            return Err(published
                .err()
                .map_or_else(|| anyhow::anyhow!("nothing was written"), Into::into));
        }
    };
    published?;
    Ok(written.say(args, path))
}

/// What was written.
enum Written {
    Events(u64),
    Originals(Originals),
}

fn fill(
    target: ExportTarget,
    archive: &Archive,
    query: &Query,
    file: &mut File,
) -> Result<Written, ExportFailure> {
    let mut out = BufWriter::new(file);
    let written = match target {
        ExportTarget::Csv => Written::Events(archive.export_csv(query, &mut out)?),
        ExportTarget::Parquet => Written::Events(archive.export_parquet(query, &mut out)?),
        ExportTarget::Zip => Written::Originals(archive.export_originals(query, &mut out)?),
        ExportTarget::Lake => return Err(io::Error::other("a lake is no file").into()),
    };
    out.flush()?;
    Ok(written)
}

impl Written {
    fn say(self, args: &Args, path: &Path) -> Account {
        let shown = path.display();
        let originals = match self {
            Self::Events(events) => {
                if args.json {
                    outln!("{}", json!({ "path": path, "events": events }));
                } else if !args.quiet {
                    outln!("{shown}: {}", count(events, "event"));
                }
                return Account::default();
            }
            Self::Originals(originals) => originals,
        };
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
                let (events, files) = (originals.events, originals.files);
                outln!("{shown}: {}, {}", count(events, "event"), count(files, "file"));
            }
        }
        Account { damaged: originals.damaged.len(), ..Account::default() }
    }
}
