-- What the index alone knows carries a checksum: everything else is held against the files.
ALTER TABLE events ADD COLUMN last_seen_sum INTEGER;
ALTER TABLE sessions ADD COLUMN sum INTEGER;

-- The largest numbers that were ever given.
CREATE TABLE numbers (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL,
    sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
