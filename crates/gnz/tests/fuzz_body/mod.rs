//! What the fuzz targets do with their bytes.
//!
//! Kept here so that `tests/regressions.rs` runs the same over every input that
//! is worth keeping, on any toolchain.

use gnz::{Gnz, Limits, Salvage, Writer};

/// Any bytes: opening answers or refuses, and what was opened can be read.
pub fn header(data: &[u8]) {
    // The salvage looks past rules that refuse a whole file.
    if let Ok(salvage) = Salvage::of(data, &Limits::default()) {
        let file = salvage.writer().and_then(|mut writer| writer.to_vec()).ok();
        if let Some(file) = file {
            let again = Gnz::from_bytes(file).expect("what was salvaged can be read");
            assert_eq!(again.keys().len(), salvage.saved().len());
        }
    }
    let Ok(gnz) = Gnz::from_bytes(data) else {
        return;
    };
    for array in gnz.arrays() {
        array.to_row_major_bytes().expect("it lies in memory already");
        let rows = array.shape().first().copied().unwrap_or(0);
        let _ = array.rows(rows / 2..rows);
        let _ = array.view::<f32>();
        let _ = array.rows_to_vec::<i16>(rows / 2..rows);
        let _ = array.to_vec::<f64>();
    }
    let _ = gnz.verify();
}

/// Any file that can be opened comes back the same when it is written again.
pub fn round_trip(data: &[u8]) {
    let Ok(first) = Gnz::from_bytes(data) else {
        return;
    };
    // A key that is reserved for something else cannot be written again.
    let Some(file) = write_again(&first) else {
        return;
    };
    let second = Gnz::from_bytes(file.as_slice()).expect("our own file");
    assert!(second.notes().is_empty());
    assert_eq!(
        second.metadata().iter().map(text).collect::<Vec<_>>(),
        first.metadata().iter().map(text).collect::<Vec<_>>(),
    );
    for (a, b) in first.arrays().zip(second.arrays()) {
        assert_eq!(a.name(), b.name());
        assert_eq!(a.shape(), b.shape());
        assert_eq!((a.dtype(), a.order()), (b.dtype(), b.order()));
        assert_eq!(a.bytes(), b.bytes());
    }
    let third = write_again(&second).expect("it was written before");
    assert_eq!(file, third, "writing is not stable");
}

fn write_again(gnz: &Gnz<&[u8]>) -> Option<Vec<u8>> {
    let mut writer = Writer::new();
    writer.metadata(gnz.metadata().clone());
    writer.checksums(gnz.checksums().is_some());
    for array in gnz.arrays() {
        let dtype = array.dtype().clone();
        writer
            .add_bytes(array.name(), dtype, array.order(), array.shape(), array.bytes())
            .expect("what was read can be written");
    }
    writer.to_vec().ok()
}

/// As text, because NaN differs from itself.
fn text((key, value): (&str, &gnz::Value)) -> (String, String) {
    (key.to_owned(), value.to_string())
}
