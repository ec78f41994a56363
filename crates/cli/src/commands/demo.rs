//! `wavekeep demo`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;
use wavekeep_archive::{Archive, ImportOptions, Query};
use wavekeep_core::Unit;
use wavekeep_export::{ExportOptions, Target, write_event_file};
use wavekeep_report::{PageOptions, Theme, event_report};
use wavekeep_server::{Listen, ServeError, ServeOptions};
use wavekeep_signal::{Curve, DEFAULT_CURVE, measure};

use super::{archive, info, pictures, serve};
use crate::args::{
    Args, DemoArgs, InfoArgs, InputArgs, LimitArgs, PictureFormat, SetupArgs, ThemeArg, VelocityArg,
};
use crate::exit::Account;
use crate::outputs::write_whole;
use crate::samples::SAMPLES;
use crate::terminal::{self, outln};

/// The event that plots and report are made of.
const SHOWN: &str = "M529LMOK.DK0W";
const NIGHT: &str = "M529LMP3.O00H";
const WIDTH: u32 = 1600;

/// Writes the samples, prints their table, draws the pictures, says where they are and serves their
/// archive.
pub fn run(args: &Args, command: &DemoArgs) -> anyhow::Result<Account> {
    let folder = &command.output;
    let samples = folder.join("samples");
    for (name, bytes) in SAMPLES {
        let path = samples.join(name);
        let folder = path.parent().unwrap_or(&samples);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let input = InputArgs {
        paths: vec![samples.clone()],
        setup: SetupArgs::default(),
        limits: LimitArgs::default(),
        no_report: false,
        keep_index: false,
        one_piece: false,
        metadata_channel: None,
    };
    let velocity = VelocityArg { velocity: Unit::InchPerSecond };
    // One of the samples is damaged on purpose: that is no failure of the demo.
    let table = info::run(args, &InfoArgs { input, velocity })?;
    let written = pictures_of(&samples, folder)?;
    let archive = Archive::create(folder.join("archive"))?;
    if !args.json {
        outln!("\nThe samples in an archive, {}:", folder.join("archive").display());
    }
    let imported =
        archive::import(args, &archive, std::slice::from_ref(&samples), &ImportOptions::default())?;
    let mut out = terminal::stdout();
    archive::print_list(args, &mut out, &archive.query(&Query::default())?)?;
    if args.json {
        outln!("{}", json!({ "samples": samples, "written": written }));
    } else {
        outln!("");
        for path in &written {
            outln!("  {}", path.display());
        }
        outln!("\nTry: wavekeep info {}", samples.join(SHOWN).display());
    }
    drop(archive);
    if !command.no_serve {
        serve_archive(args, command)?;
    }
    let failed = table.failed + imported.failed;
    Ok(Account { failed, whole: table.whole + table.damaged, ..Account::default() })
}

/// Serves the archive of the demo until somebody ends it.
fn serve_archive(args: &Args, command: &DemoArgs) -> anyhow::Result<()> {
    if !args.json {
        outln!("\nThe archive is served:");
    }
    let folder = command.output.join("archive");
    let at = |port| {
        let listen = Listen::Address((command.listen.ip(), port).into());
        serve::serve(args, &folder, ServeOptions::default().with_listen(listen))
    };
    match at(command.listen.port()) {
        Err(error) if matches!(error.downcast_ref(), Some(ServeError::Listen { .. })) => at(0)?,
        served => served?,
    };
    Ok(())
}

/// The pictures of the demo, light and dark, its report and its tables.
fn pictures_of(samples: &Path, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let opener = wavekeep_formats::Opener::default();
    let curve = Curve::built_in(DEFAULT_CURVE).context("the curve of the demo")?;
    let mut written = Vec::new();
    let mut write = |name: String, bytes: &[u8]| -> anyhow::Result<()> {
        let path = folder.join(name);
        write_whole(&path, bytes, true).map_err(|failure| anyhow::anyhow!(failure.message))?;
        written.push(path);
        Ok(())
    };
    for name in [SHOWN, NIGHT] {
        let path = samples.join(name);
        let recording = opener.open(&path)?;
        let measured = measure(&recording);
        let light = pictures::style(ThemeArg::Light, Unit::InchPerSecond);
        let options = PageOptions::default().with_curve(Some(curve)).with_style(light);
        let page = event_report(&recording, &measured, options);
        let pdf = page.pdf().with_context(|| format!("the report of {name}"))?;
        write(format!("{name}.report.pdf"), &pdf)?;
        for theme in [ThemeArg::Light, ThemeArg::Dark] {
            let style = pictures::style(theme, Unit::InchPerSecond);
            let suffix = if style.theme == Theme::Dark { "-dark" } else { "" };
            for &kind in pictures::all_kinds(recording.kind) {
                let picture = pictures::draw(
                    &path,
                    kind,
                    &recording,
                    &measured,
                    pictures::Shown::of(curve, style),
                )
                .and_then(|drawing| pictures::encode(&path, &drawing, PictureFormat::Png, WIDTH))
                .map_err(|failure| anyhow::anyhow!(failure.message))?;
                write(format!("{name}.{}{suffix}.png", kind.word()), &picture)?;
            }
        }
    }
    let recording = opener.open(&samples.join(SHOWN))?;
    for target in [Target::Csv, Target::Hdf5, Target::Parquet] {
        let path = folder.join(format!("{SHOWN}.{}", target.extension()));
        write_event_file(&recording, target, &path, &ExportOptions::default(), true)?;
        written.push(path);
    }
    Ok(written)
}
