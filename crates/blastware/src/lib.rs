//! Blastware event files of Instantel Series III units: decoded, encoded, rebuilt from raw frames.
