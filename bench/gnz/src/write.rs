//! Writing, against `cp` and sync of the same bytes; streaming, one thread
//! against two.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::{least, median};

/// Ours and `cp` in turn, so that a slow moment of the disk hits both.
pub fn whole(folder: &Path, quick: bool) -> Result<String, Box<dyn std::error::Error>> {
    let bytes: usize = if quick { 64 << 20 } else { 1 << 30 };
    let rounds = if quick { 3 } else { 7 };
    let (ours, source, copy) =
        (folder.join("w.gnz"), folder.join("source.gnz"), folder.join("copy.gnz"));
    let data: Vec<u32> = (0..bytes as u32 / 4).map(|n| n.wrapping_mul(2_654_435_761)).collect();
    let mut writer = gnz::Writer::new();
    writer.add("data", &[data.len()], &data)?;
    writer.write(&source)?;

    let (mut written, mut copied) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        Command::new("sync").status()?;
        let start = Instant::now();
        writer.write(&ours)?;
        written.push(start.elapsed().as_secs_f64());
        std::fs::remove_file(&ours)?;

        Command::new("sync").status()?;
        let start = Instant::now();
        // `cp` and a sync of that file alone, without reflinks.
        Command::new("cp").arg("--reflink=never").args([&source, &copy]).status()?;
        Command::new("sync").arg(&copy).status()?;
        copied.push(start.elapsed().as_secs_f64());
        std::fs::remove_file(&copy)?;
    }
    std::fs::remove_file(source)?;
    let (written, copied) = (median(written), median(copied));
    Ok(format!(
        "{{\"bytes\": {bytes}, \"rounds\": {rounds}, \"gnz_s\": {written:.3}, \"cp_sync_s\": {copied:.3}, \"ratio\": {:.3}}}",
        copied / written
    ))
}

pub fn stream(folder: &Path, quick: bool) -> Result<String, Box<dyn std::error::Error>> {
    let bytes: usize = if quick { 64 << 20 } else { 1 << 30 };
    let rounds = if quick { 3 } else { 9 };
    let mut fill = [Vec::new(), Vec::new()];
    let mut total = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for threads in [1, 2] {
            let (filled, finished) = fill_by(threads, bytes, folder)?;
            fill[threads - 1].push(filled);
            total[threads - 1].push(finished);
        }
    }
    // The fastest: two threads are the first to suffer from whatever else runs.
    let [fill_one, fill_two] = fill.map(least);
    let [total_one, total_two] = total.map(least);
    Ok(format!(
        "{{\"bytes\": {bytes}, \"rounds\": {rounds}, \
         \"fill_one_s\": {fill_one:.3}, \"fill_two_s\": {fill_two:.3}, \"fill_ratio\": {:.3}, \
         \"synced_one_s\": {total_one:.3}, \"synced_two_s\": {total_two:.3}, \"synced_ratio\": {:.3}}}",
        fill_one / fill_two,
        total_one / total_two
    ))
}

/// Seconds until everything is in the map, and until the file is finished.
fn fill_by(
    threads: usize,
    bytes: usize,
    folder: &Path,
) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    const CHANNELS: usize = 64;
    let path = folder.join("stream.gnz");
    let frames = bytes / 4 / CHANNELS;
    Command::new("sync").status()?;
    let mut writer = gnz::Writer::new();
    writer.declare("data", "<i4".parse()?, &[CHANNELS, frames])?;
    let start = Instant::now();
    let mut run = writer.stream(&path)?;
    let data = run.array_mut::<i32>("data")?;
    std::thread::scope(|scope| {
        for part in data.chunks_mut(CHANNELS * frames / threads) {
            scope.spawn(move || record(part));
        }
    });
    let filled = start.elapsed().as_secs_f64();
    run.finish()?;
    let finished = start.elapsed().as_secs_f64();
    File::open(&path)?.sync_all()?;
    std::fs::remove_file(path)?;
    Ok((filled, finished))
}

/// Samples as a recorder makes them: a little work each.
fn record(part: &mut [i32]) {
    let mut state = 1u32;
    for sample in part {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample = (state >> 8) as i32;
    }
}
