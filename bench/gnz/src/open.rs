//! Opening a file, by its size and by its number of arrays.
//!
//! Both sides open, map, read the header, give a slice of the first array and
//! close; a second measurement also reads the value in the slice's middle, which
//! costs a page fault on either side. Files are sparse, so that 10 GB cost no
//! disk; what is touched is cached.

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;

use safetensors::SafeTensors;

use crate::fastest;

/// Bytes of data, and arrays that they are divided into.
const FILES: [(u64, u64); 7] = [
    (1 << 10, 1),
    (1 << 20, 1),
    (100 << 20, 1),
    (1 << 30, 1),
    (10 << 30, 1),
    (1 << 20, 16),
    (64 << 20, 1000),
];

pub fn run(folder: &Path) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let (gnz, tensors) = (folder.join("open.gnz"), folder.join("open.safetensors"));
    let mut rows = Vec::new();
    for (size, arrays) in FILES {
        make_gnz(&gnz, size, arrays)?;
        make_safetensors(&tensors, size, arrays)?;
        let name = "array-0";
        let ours = |touch: bool| {
            let gnz = gnz::Gnz::open(&gnz).expect("a GNZ");
            let view = gnz.view::<f32>(name).expect("floats");
            black_box(view.elements());
            if touch {
                black_box(view[view.len() / 2]);
            }
        };
        let theirs = |touch: bool| {
            let file = File::open(&tensors).expect("a file");
            // SAFETY: nobody else touches this file.
            let map = unsafe { memmap2::Mmap::map(&file) }.expect("a map");
            let tensors = SafeTensors::deserialize(&map).expect("tensors");
            let tensor = tensors.tensor(name).expect("data");
            black_box(tensor.data());
            if touch {
                black_box(tensor.data()[tensor.data().len() / 2]);
            }
        };
        rows.push(format!(
            "{{\"bytes\": {size}, \"arrays\": {arrays}, \"gnz_us\": {:.2}, \"safetensors_us\": {:.2}, \
             \"gnz_value_us\": {:.2}, \"safetensors_value_us\": {:.2}}}",
            micros(|| ours(false)),
            micros(|| theirs(false)),
            micros(|| ours(true)),
            micros(|| theirs(true)),
        ));
        std::fs::remove_file(&gnz)?;
        std::fs::remove_file(&tensors)?;
    }
    Ok(rows)
}

/// Microseconds of one call, in the fastest of many bunches.
fn micros(call: impl Fn()) -> f64 {
    const EACH: u32 = 50;
    let bunch = fastest(40, || (0..EACH).for_each(|_| call()));
    bunch.as_secs_f64() * 1e6 / f64::from(EACH)
}

/// The header that the crate writes, before a hole.
fn make_gnz(path: &Path, size: u64, arrays: u64) -> Result<(), Box<dyn std::error::Error>> {
    let count = usize::try_from(size / 4 / arrays)?;
    let mut writer = gnz::Writer::new();
    for number in 0..arrays {
        writer.declare(format!("array-{number}"), "<f4".parse()?, &[count])?;
    }
    let run = writer.stream(path)?;
    let length = std::fs::metadata(run.partial_path())?.len();
    let mut start = Vec::new();
    File::open(run.partial_path())?.take(length.min(1 << 20)).read_to_end(&mut start)?;
    run.abandon()?;
    std::fs::write(path, start)?;
    File::options().write(true).open(path)?.set_len(length)?;
    Ok(())
}

/// As the format's own writer lays it out, before a hole.
fn make_safetensors(path: &Path, size: u64, arrays: u64) -> std::io::Result<()> {
    let each = size / arrays / 4 * 4;
    let entries: Vec<String> = (0..arrays)
        .map(|n| {
            format!(
                "\"array-{n}\":{{\"dtype\":\"F32\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                each / 4,
                n * each,
                (n + 1) * each
            )
        })
        .collect();
    let header = format!("{{{}}}", entries.join(","));
    let padding = " ".repeat(header.len().next_multiple_of(8) - header.len());
    let header = header + &padding;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    std::fs::write(path, &bytes)?;
    File::options().write(true).open(path)?.set_len(bytes.len() as u64 + each * arrays)
}
