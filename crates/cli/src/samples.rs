//! The samples that the program carries, so that `wavekeep demo` works anywhere.

macro_rules! samples {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!(env!("WAVEKEEP_SAMPLES"), "/", $name)))),*]
    };
}

/// Names and contents: events, and the reports that belong to them, some in a folder `TXT`.
pub const SAMPLES: &[(&str, &[u8])] = samples![
    "M529LMOK.DK0W",
    "M529LMOK_DK0W_ASCII.TXT",
    "M529LN1C.QE0W",
    "M529LN1C.QE0W.TXT",
    "M529LMP3.O00H",
    "M529LMP3_O00H_ASCII.TXT",
    "M529LNE5.390",
    "M529LKIQ.7M0W",
    "M529LKVQ.6S0W",
    "T190LD5Q.LK0W",
    "T438L713.RY0W",
    "M529LIY6.N00",
    "N844L6Z8.ZR0H",
    "UM11719_20260714153012.IDFW",
    "TXT/UM11719_20260714153012.IDFW.txt",
    "UM11719_20260714220000.IDFH",
    "UM11719_20260714220000.IDFH.txt",
    "UM11719_20260716084530.IDFW",
];
