//! What a request may cost.

use std::time::Duration;

use derive_setters::Setters;

/// Bounds of the server. The defaults fit a machine with 1 GiB to spare.
#[derive(Debug, Clone, PartialEq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one uploaded file.
    pub file_bytes: u64,
    /// Bytes of one request.
    pub request_bytes: u64,
    /// Files of one request.
    pub files: usize,
    /// Bytes of a body that is not an upload.
    pub body_bytes: usize,
    /// How long an answer may take to begin.
    pub request_time: Duration,
    /// How long an upload may take, or an export until it begins.
    pub upload_time: Duration,
    /// How long a client may take for the head of a request, be silent within a body, or take
    /// nothing of an answer.
    pub idle_timeout: Duration,
    /// Connections at a time.
    pub connections: usize,
    /// Connections of one address at a time; of IPv6, of one network of 64 bits.
    pub connections_of_address: usize,
    /// Requests that are worked on at a time.
    pub requests: usize,
    /// Threads for what computes or waits for the disk.
    pub workers: usize,
    /// Requests a second of one address, as many at once; `None` is no limit.
    pub rate_per_s: Option<f64>,
    /// Clients of the live page at a time.
    pub listeners: usize,
    /// Clients of the live page of one token at a time, or of one address without a token.
    pub listeners_of_caller: usize,
    /// Exports at a time: each is a file on the disk until it is sent.
    pub exports: usize,
    /// Bytes of the files of all exports and uploads that are being worked on.
    pub temporary_bytes: u64,
    /// Recordings at a time, closed ones that were not deleted among them.
    pub recordings: usize,
    /// Bytes of one recording.
    pub recording_bytes: u64,
    /// Samples of a run that are read for one picture; what is longer is drawn from tiles.
    pub samples_at_once: u64,
    /// Bytes of decoded events and plots that are kept.
    pub cache_bytes: usize,
    /// How long what is being answered may take when the server is to stop.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            file_bytes: 1 << 30,
            request_bytes: 1 << 30,
            files: 4096,
            body_bytes: 1 << 20,
            request_time: Duration::from_secs(60),
            upload_time: Duration::from_secs(600),
            idle_timeout: Duration::from_secs(30),
            connections: 2048,
            connections_of_address: 512,
            requests: 1024,
            workers: (2 * cores).max(4),
            rate_per_s: None,
            listeners: 256,
            listeners_of_caller: 64,
            exports: 8,
            temporary_bytes: 16 << 30,
            recordings: 16,
            recording_bytes: 1 << 40,
            samples_at_once: 16 << 20,
            cache_bytes: 128 << 20,
            stop_time: Duration::from_secs(20),
        }
    }
}
