//! What the system says of this process, by the names that Prometheus has for it.

use super::exposition::Exposition;

/// Adds what is known here: start and version everywhere, the rest on Linux.
pub fn process(out: &mut Exposition) {
    out.family("wavekeep_build_info", super::Kind::Gauge, "The version of the program.")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    #[cfg(target_os = "linux")]
    of_linux(out);
}

#[cfg(target_os = "linux")]
fn of_linux(out: &mut Exposition) {
    use std::fs;
    let page = rustix::param::page_size() as u64;
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    // The name of the program, in brackets, may have blanks.
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let fields: Vec<u64> =
        after.split_ascii_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
    // Fields 14, 15, 20, 22, 23 and 24 of proc(5), of which the first two are before the bracket.
    let field = |n: usize| fields.get(n - 3).copied().unwrap_or(0);
    let processor = (field(14) + field(15)) as f64 / ticks;
    out.counter("process_cpu_seconds_total", "Processor time of the process.", processor);
    out.gauge("process_threads", "Threads of the process.", field(20));
    out.gauge("process_virtual_memory_bytes", "Addresses of the process.", field(23));
    out.gauge("process_resident_memory_bytes", "Memory of the process.", field(24) * page);
    let boot = fs::read_to_string("/proc/stat").ok().and_then(|stat| {
        stat.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse::<f64>().ok())
    });
    if let Some(boot) = boot {
        let started = boot + field(22) as f64 / ticks;
        out.gauge("process_start_time_seconds", "When the process started.", started);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // One of them is of this listing.
        let open = open.count().saturating_sub(1);
        out.gauge("process_open_fds", "Files and connections that are open.", open);
    }
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    if let Some(most) = most {
        out.gauge("process_max_fds", "Files and connections that may be open.", most);
    }
}
