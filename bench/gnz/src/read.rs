//! Reading a mapped array that is cached, against reading memory.

use std::hint::black_box;
use std::path::Path;

use crate::fastest;

pub fn run(folder: &Path, quick: bool) -> Result<String, Box<dyn std::error::Error>> {
    let bytes: usize = if quick { 64 << 20 } else { 512 << 20 };
    let path = folder.join("read.gnz");
    let memory: Vec<f32> = (0..bytes / 4).map(|n| n as f32).collect();
    gnz::Writer::new().add("data", &[memory.len()], &memory)?.write(&path)?;
    let gnz = gnz::Gnz::open(&path)?;
    let mapped = gnz.view::<f32>("data")?;

    let sum_memory = fastest(7, || _ = black_box(sum(&memory))).as_secs_f64();
    let sum_mapped = fastest(7, || _ = black_box(sum(&mapped))).as_secs_f64();
    let mut out = vec![0f32; memory.len()];
    let copy_memory = fastest(7, || black_box(&mut out).copy_from_slice(&memory)).as_secs_f64();
    let copy_mapped = fastest(7, || black_box(&mut out).copy_from_slice(&mapped)).as_secs_f64();
    // The first pass over a fresh map also pays for its page faults.
    let first = fastest(3, || {
        let gnz = gnz::Gnz::open(&path).expect("a GNZ");
        black_box(sum(&gnz.view::<f32>("data").expect("floats")));
    })
    .as_secs_f64();
    drop(gnz);
    std::fs::remove_file(path)?;
    let rate = |seconds: f64| bytes as f64 / seconds / 1e9;
    Ok(format!(
        "{{\"bytes\": {bytes}, \"sum_memory_gb_s\": {:.2}, \"sum_mapped_gb_s\": {:.2}, \
         \"copy_memory_gb_s\": {:.2}, \"copy_mapped_gb_s\": {:.2}, \"first_pass_gb_s\": {:.2}}}",
        rate(sum_memory),
        rate(sum_mapped),
        rate(copy_memory),
        rate(copy_mapped),
        rate(first)
    ))
}

/// Sixteen sums side by side, so that memory is the limit and not the adder.
fn sum(values: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    for chunk in values.chunks_exact(16) {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += value;
        }
    }
    sums.iter().sum()
}
