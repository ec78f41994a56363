//! Records into files, with the control surface of the Rogue DataWriter.
//!
//! For equal input the bytes equal Rogue's; where Rogue is careless this writer is not
//! (`docs/formats/smurf.md`, "The writer"):
//!
//! - a file that exists is refused unless overwriting was asked for;
//! - a write that fails ends the recording: the error reaches the sender, `IsOpen` becomes false,
//!   and the partial record is cut off, so that the file ends at a record boundary;
//! - counters count what is in the file, and in the buffer where they say so. What a failed write
//!   took along is subtracted again;
//! - `Close` flushes and syncs; so does the end of every piece of a split run, which takes as long
//!   as the disk does: a sender that must not wait puts a queue before the writer.
//!
//! ```
//! use wavekeep_recorder::writer::{DataWriter, Frame, Outcome};
//!
//! let folder = tempfile::tempdir()?;
//! let mut writer = DataWriter::new();
//! writer.set_data_file(folder.path().join("run.dat"));
//! writer.set_max_file_size(40)?;
//! writer.open()?;
//! for _ in 0..3 {
//!     assert_eq!(writer.write(Frame::metadata(b"AMCc.Dev.A: 1\n"))?, Outcome::Written);
//! }
//! assert_eq!((writer.frame_count(), writer.current_size(), writer.total_size()), (3, 22, 66));
//! writer.close()?;
//! assert!(folder.path().join("run.dat.3").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bandwidth;
mod below;
mod data_writer;
mod error;
mod frame;
mod layer;
mod piece;
mod surface;

pub use below::Below;
pub use data_writer::{DataWriter, Outcome};
pub use error::WriterError;
pub use frame::Frame;
pub use layer::{Disk, FileLayer, RecordFile};
pub use surface::{Access, Control, Value};
