//! Measures reading SMuRF runs, beside a plain copy of the same bytes, and prints JSON.
//!
//! `bench-smurf FOLDER [--quick]`: runs are made in FOLDER and removed. Files are cached when they
//! are read. Rates are MB of file a second. `run.py` builds this, adds the peers in Python, and
//! prints the table. `bench-smurf --make FILE CHANNELS BYTES` makes one run and leaves it,
//! `--record FOLDER` measures recording and the chain, `--open FOLDER BYTES` opening a long run, and
//! `--touch` touches memory.

mod make;
mod record;

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wavekeep_smurf::{OpenOptions, Run, Sample, Selection};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, file, channels, bytes] = &arguments[..]
        && flag == "--make"
    {
        make::run(Path::new(file), channels.parse()?, bytes.parse()?)?;
        return Ok(());
    }
    if let [flag, folder] = &arguments[..]
        && flag == "--record"
    {
        let rows: Result<Vec<_>, _> = [512, 4096]
            .map(|channels| record::measure(Path::new(folder), channels))
            .into_iter()
            .collect();
        println!("[{}]", rows?.join(",\n"));
        return Ok(());
    }
    if let [flag, folder, bytes] = &arguments[..]
        && flag == "--open"
    {
        println!("{}", open_long(Path::new(folder), bytes.parse()?)?);
        return Ok(());
    }
    if arguments == ["--touch"] {
        touch_memory();
        return Ok(());
    }
    let folder = PathBuf::from(arguments.first().ok_or("bench-smurf FOLDER [--quick]")?);
    let quick = arguments.get(1).is_some_and(|flag| flag == "--quick");
    let sizes: &[u64] = if quick { &[50 << 20] } else { &[50 << 20, 1 << 30] };
    let mut rows = Vec::new();
    for bytes in sizes {
        for channels in [512, 2048, 4096] {
            let path = folder.join(format!("bench-{channels}-{bytes}.dat"));
            let frames = make::run(&path, channels, *bytes)?;
            let row = measure(&path, channels, frames)?;
            std::fs::remove_file(&path)?;
            eprintln!("{row}");
            rows.push(row);
        }
    }
    println!("[{}]", rows.join(",\n"));
    Ok(())
}

/// Opening a long run, with and without a kept index.
fn open_long(folder: &Path, bytes: u64) -> Result<String, Box<dyn std::error::Error>> {
    let path = folder.join("long.dat");
    make::run(&path, 4096, bytes)?;
    let open = fastest(1, || drop(black_box(Run::open(&path).expect("a run"))));
    let kept = OpenOptions::default()
.with_keep_index(true);
    drop(Run::open_with(&path, kept)?);
    let open_kept = fastest(5, || drop(black_box(Run::open_with(&path, kept).expect("a run"))));
    std::fs::remove_file(&path)?;
    std::fs::remove_file(folder.join("long.dat.index"))?;
    Ok(format!(
        "{{\"bytes\": {bytes}, \"open_ms\": {:.1}, \"open_kept_ms\": {:.3}}}",
        open.as_secs_f64() * 1e3,
        open_kept.as_secs_f64() * 1e3
    ))
}

fn measure(
    path: &Path,
    channels: usize,
    frames: u64,
) -> Result<String, Box<dyn std::error::Error>> {
    let length = std::fs::metadata(path)?.len();
    let rate = |time: Duration| length as f64 / 1e6 / time.as_secs_f64();
    black_box(std::fs::read(path)?);

    let open = fastest(3, || drop(black_box(Run::open(path).expect("a run"))));
    let kept = OpenOptions::default()
.with_keep_index(true);
    drop(Run::open_with(path, kept)?);
    let open_kept = fastest(5, || drop(black_box(Run::open_with(path, kept).expect("a run"))));
    let mut index = path.as_os_str().to_owned();
    index.push(".index");
    std::fs::remove_file(index)?;

    let run = Run::open(path)?;
    let all = Selection::all();
    // Opening included, as peers open with every call, and into memory that nobody had before: the
    // results are held.
    touch_memory();
    let mut held = Vec::new();
    // Few of large ones: all have to fit into memory.
    let runs = if length < 1 << 28 { 5 } else { 3 };
    let first = fastest(runs, || {
        let run = Run::open(path).expect("a run");
        held.push(black_box(run.read::<i32>(&all).expect("samples")));
    });
    drop(held);
    let one = all.clone().threads(1);
    let channel = Selection::channels([channels / 2]);
    Ok(format!(
        "{{\"channels\": {channels}, \"frames\": {frames}, \"bytes\": {length}, \
         \"copy_fresh\": {:.0}, \"copy_warm\": {:.0}, \"page_cache\": {:.0}, \
         \"open_ms\": {:.2}, \"open_kept_ms\": {:.3}, \"int32_first\": {:.0}, \
         \"int32\": {:.0}, \"int32_one_thread\": {:.0}, \"phase\": {:.0}, \"phase_f32\": {:.0}, \
         \"blocks_i32\": {:.0}, \"blocks_phase\": {:.0}, \"one_channel\": {:.0}}}",
        rate(copy_fresh(path)?),
        rate(copy_warm(path)?),
        rate(page_cache(path)?),
        open.as_secs_f64() * 1e3,
        open_kept.as_secs_f64() * 1e3,
        rate(first),
        rate(read::<i32>(&run, &all)),
        rate(read::<i32>(&run, &one)),
        rate(read::<f64>(&run, &all)),
        rate(read::<f32>(&run, &all)),
        rate(blocks::<i32>(&run, 0)),
        rate(blocks::<f64>(&run, 0.0)),
        rate(read::<i32>(&run, &channel)),
    ))
}

/// Memory that nobody touched for some time has to come from the host of a virtual machine, ten times as
/// slowly as from the system: whoever is measured next would pay for it.
fn touch_memory() {
    let mut memory = memmap2::MmapMut::map_anon(4 << 30).expect("4 GiB of memory");
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    memory.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    black_box(memory);
}

fn read<T: Sample>(run: &Run, selection: &Selection) -> Duration {
    fastest(5, || drop(black_box(run.read::<T>(selection).expect("samples"))))
}

/// About 8 MB of result at a time.
fn blocks<T: Sample>(run: &Run, zero: T) -> Duration {
    let channels = run.index().sections()[0].channels as usize;
    let frames = (8 << 20) / (channels * size_of::<T>());
    let mut buffer = vec![zero; channels * frames];
    fastest(5, || {
        let mut blocks = run.blocks::<T>(&Selection::all(), frames).expect("blocks");
        while let Some(block) = blocks.next_into(&mut buffer).expect("a block") {
            black_box((block.frames, &buffer));
        }
    })
}

/// The mapped bytes into memory that nobody has touched: a plain copy, by one thread.
fn copy_fresh(path: &Path) -> std::io::Result<Duration> {
    let file = File::open(path)?;
    // SAFETY: nobody else touches this file.
    let map = unsafe { memmap2::Mmap::map(&file) }?;
    Ok(fastest(5, || drop(black_box(map.to_vec()))))
}

/// The mapped bytes into memory that is used again and again.
fn copy_warm(path: &Path) -> std::io::Result<Duration> {
    let file = File::open(path)?;
    // SAFETY: nobody else touches this file.
    let map = unsafe { memmap2::Mmap::map(&file) }?;
    let mut buffer = vec![1u8; map.len()];
    Ok(fastest(5, || black_box(&mut buffer).copy_from_slice(&map)))
}

/// Reading through a small buffer.
fn page_cache(path: &Path) -> std::io::Result<Duration> {
    let mut buffer = vec![0; 1 << 18];
    let mut failed = None;
    let time = fastest(5, || {
        let read = File::open(path).and_then(|mut file| {
            while file.read(&mut buffer)? > 0 {
                black_box(&buffer);
            }
            Ok(())
        });
        failed = read.err();
    });
    failed.map_or(Ok(time), Err)
}

/// The fastest of several runs: what the code costs when nobody disturbs it.
pub(crate) fn fastest(runs: usize, mut run: impl FnMut()) -> Duration {
    (0..runs)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}
