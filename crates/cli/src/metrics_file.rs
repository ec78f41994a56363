//! A file of metrics for the textfile collector of Prometheus's node_exporter, replaced as a whole.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wavekeep_server::Exposition;

/// How often it is written while there is work.
const EVERY: Duration = Duration::from_secs(10);

/// The file, if there is to be one.
#[derive(Debug, Default)]
pub struct MetricsFile {
    path: Option<PathBuf>,
    written: Option<Instant>,
    has_failed: bool,
}

impl MetricsFile {
    /// A file at a path.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path, ..Self::default() }
    }

    /// Writes it if it is time to.
    pub fn update(&mut self, fill: impl FnOnce(&mut Exposition)) {
        if self.written.is_none_or(|written| written.elapsed() >= EVERY) {
            self.write(fill);
        }
    }

    /// Writes it. What goes wrong is printed once, and ends nothing.
    pub fn write(&mut self, fill: impl FnOnce(&mut Exposition)) {
        let Some(path) = &self.path else { return };
        let mut text = Exposition::default();
        fill(&mut text);
        self.written = Some(Instant::now());
        match replace(path, &text.into_text()) {
            Ok(()) => self.has_failed = false,
            Err(error) if !self.has_failed => {
                self.has_failed = true;
                crate::render::error(format_args!(
                    "{}: the metrics cannot be written: {error}",
                    path.display()
                ));
            }
            Err(_) => {}
        }
    }
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    // The collector reads files whose names end with .prom: not this one.
    let mut file = tempfile::Builder::new().prefix(".wavekeep-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    wavekeep_archive::persist(file.into_temp_path(), path, true)
}
