//! One recording into one file of another program: CSV, JSON, HDF5, Parquet, miniSEED, npy, WAV.
