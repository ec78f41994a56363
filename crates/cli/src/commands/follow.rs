//! `wavekeep convert --follow`: rows of a stream as they become whole.

use std::io::{self, BufWriter, Write};
use std::thread;
use std::time::{Duration, Instant};

use gnz::Object;
use wavekeep_core::{ArrayOrder, FrameBlock, FrameStream, NamedArray};
use wavekeep_export::{ExportOptions, Target, channel_headings, write_arrays};
use wavekeep_smurf::Follower;

use crate::args::ConvertArgs;
use crate::exit::{Account, Usage};
use crate::inputs::{Failure, Inputs};

/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Samples of a block: 4 MiB.
const BLOCK_SAMPLES: usize = 1 << 20;

/// Prints the frames of a growing run as CSV, whole frames only.
///
/// The columns are those of a finished run without `time_ns`: the best time of a frame rests on
/// frames that have not come yet.
pub fn run(command: &ConvertArgs, to: Target) -> anyhow::Result<Account> {
    let idle = command.idle.map(Duration::from_secs_f64);
    let inputs = Inputs::of(&command.input, None)?;
    let [file] = &inputs.found[..] else {
        return Err(Usage("--follow follows one run".to_owned()).into());
    };
    if to != Target::Csv {
        let message = "--follow writes csv: other targets have to know how many frames there are";
        return Err(Usage(message.to_owned()).into());
    }
    let mut out: Box<dyn Write> = match &command.output.output {
        Some(path) if path.as_os_str() != "-" => {
            let made = match command.output.force {
                true => std::fs::File::create(path),
                false => std::fs::File::create_new(path),
            };
            let failed =
                |error| Failure::new("io", path, format_args!("cannot be made: {error}")).message;
            Box::new(BufWriter::new(made.map_err(|error| anyhow::anyhow!(failed(error)))?))
        }
        _ => Box::new(BufWriter::new(io::stdout())),
    };
    let mut follower = Follower::open(&file.path)?;
    let mut header = true;
    let mut since = Instant::now();
    loop {
        let new = follower.poll()?;
        if new.is_empty() {
            if idle.is_some_and(|idle| since.elapsed() >= idle) {
                break;
            }
            thread::sleep(LOOK);
            continue;
        }
        since = Instant::now();
        // Frames may change their channels on the way: one section at a time.
        for section in follower.run().index().sections() {
            let part = section.frames.start.max(new.start)..section.frames.end.min(new.end);
            if part.start < part.end {
                rows(command, file, &follower, part, &mut header, &mut out)?;
            }
        }
        out.flush()?;
    }
    let mut account = Account::default();
    account.read(follower.pending().is_some() || follower.run().report().is_damaged());
    Ok(account)
}

fn rows(
    command: &ConvertArgs,
    file: &crate::inputs::Found,
    follower: &Follower,
    frames: std::ops::Range<u64>,
    header: &mut bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let selection = super::stream::selection(&command.selection, file, follower.run())
        .map_err(|failure| anyhow::anyhow!(failure.message))?;
    let asked = selection.frames.clone().unwrap_or(0..u64::MAX);
    let frames = frames.start.max(asked.start)..frames.end.min(asked.end);
    if frames.start >= frames.end {
        return Ok(());
    }
    let mut stream = follower.run().stream(&selection.frames(frames))?;
    let channels = stream.channels();
    let headings = channel_headings(&stream.stream_channels(), "count");
    let mut block = FrameBlock::default();
    while stream.next_block((BLOCK_SAMPLES / channels.max(1)).max(1), &mut block)? {
        let samples: Vec<u8> =
            block.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let order = ArrayOrder::RowMajor;
        let row = block.frames * size_of::<i32>();
        let column = |(heading, bytes)| NamedArray {
            name: heading,
            dtype: "<i4",
            order,
            shape: std::slice::from_ref(&block.frames),
            bytes,
        };
        let mut arrays: Vec<NamedArray<'_>> = headings
            .iter()
            .map(String::as_str)
            .zip(samples.chunks_exact(row.max(1)))
            .map(column)
            .collect();
        let shapes: Vec<[usize; 2]> =
            stream.fields().iter().map(|field| [field.rows, block.frames]).collect();
        for ((field, shape), bytes) in stream.fields().iter().zip(&shapes).zip(&block.fields) {
            let shape = if field.rows == 1 { &shape[1..] } else { &shape[..] };
            if field.name != "time_ns" {
                arrays.push(NamedArray {
                    name: field.name,
                    dtype: field.dtype,
                    order,
                    shape,
                    bytes,
                });
            }
        }
        let mut text = Vec::new();
        write_arrays(&arrays, &Object::new(), Target::Csv, &ExportOptions::default(), &mut text)?;
        let first_row = text.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        out.write_all(if *header { &text } else { &text[first_row..] })?;
        *header = false;
    }
    Ok(())
}
