//! Records a thousand frames of the emulator.
//!
//! ```console
//! $ cargo run --example record_emulator -- run.dat
//! ```

use std::error::Error;
use std::time::Duration;

use wavekeep_recorder::chain::{Chain, ChainConfig, EmulatorConfig, Shape};
use wavekeep_recorder::writer::DataWriter;
use wavekeep_recorder::{Next, Recorder, Source};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: record_emulator RUN.dat")?;
    let mut writer = DataWriter::new();
    writer.set_data_file(&path);
    writer.open()?;
    // A triangle on each channel, filtered, one frame of twenty kept.
    let triangle = EmulatorConfig::for_input().with_enabled(true).with_shape(Shape::Triangle);
    let chain = Chain::new(ChainConfig::default().with_input_emulator(triangle))?;
    let mut recorder = Recorder::new(writer, Some(chain));
    // Sixteen channels, as fast as they can be written.
    let mut source = Source::emulator(16, 0.0);
    while recorder.taken() < 1000 {
        if let Next::Frame(frame, stamp) = source.next(Duration::from_millis(200)) {
            recorder.take(frame, stamp)?;
        }
    }
    recorder.writer_mut().close()?;
    println!("{} frames in {path}", recorder.writer().frame_count());
    Ok(())
}
