//! Peaks, zero crossings, vector sums, levels, spectra, reduction and limit curves.
