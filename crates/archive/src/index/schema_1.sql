-- One row an event. STRICT: a number is a number or null, nothing else.
CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    project TEXT,
    client TEXT,
    operator TEXT,
    location TEXT,
    notes TEXT,
    labels TEXT NOT NULL
) STRICT;

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    serial TEXT NOT NULL,
    filename TEXT NOT NULL,
    kind TEXT NOT NULL,
    timestamp TEXT,
    sample_rate_hz REAL,
    record_time_s REAL,
    tran_in_s REAL,
    vert_in_s REAL,
    long_in_s REAL,
    ppv_in_s REAL,
    pvs_in_s REAL,
    mic_psi REAL,
    mic_db_l REAL,
    flags TEXT NOT NULL,
    text_id INTEGER NOT NULL REFERENCES texts (id),
    false_trigger INTEGER NOT NULL CHECK (false_trigger IN (0, 1)),
    reviewer TEXT,
    reviewed_at TEXT,
    reviewed INTEGER NOT NULL GENERATED ALWAYS AS (reviewed_at IS NOT NULL) VIRTUAL,
    review_notes TEXT,
    has_report INTEGER NOT NULL CHECK (has_report IN (0, 1)),
    assumed TEXT NOT NULL,
    missing_samples INTEGER NOT NULL,
    damaged INTEGER NOT NULL CHECK (damaged IN (0, 1)),
    sha256 TEXT,
    filesize INTEGER,
    tool_version TEXT,
    captured_at TEXT,
    last_seen TEXT,
    source_kind TEXT,
    a5_pickle_filename TEXT,
    txt_filename TEXT,
    hdf5_filename TEXT,
    changed INTEGER NOT NULL,
    UNIQUE (serial, filename)
) STRICT;

-- A question of several conditions is answered within one of these, without the rows.
CREATE INDEX events_timestamp
    ON events (timestamp, id, ppv_in_s, kind, false_trigger, reviewed, text_id, serial);
CREATE INDEX events_serial
    ON events (serial, timestamp, kind, id, ppv_in_s, false_trigger, reviewed, text_id, captured_at);
CREATE INDEX events_text
    ON events (text_id, timestamp, id, ppv_in_s, kind, false_trigger, reviewed, serial);
CREATE INDEX events_ppv
    ON events (ppv_in_s, id, timestamp, kind, false_trigger, reviewed, text_id, serial);
CREATE INDEX events_kind ON events (kind, timestamp, id);
CREATE INDEX events_false_trigger ON events (timestamp, id) WHERE false_trigger = 1;
CREATE INDEX events_reviewed ON events (timestamp, id) WHERE reviewed = 1;
CREATE INDEX events_filename ON events (filename COLLATE NOCASE);
CREATE INDEX events_changed ON events (changed);
CREATE INDEX events_sha256 ON events (sha256);
CREATE INDEX events_review_notes ON events (review_notes) WHERE review_notes IS NOT NULL;

CREATE TABLE monitor_log (
    id INTEGER PRIMARY KEY,
    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    serial TEXT NOT NULL,
    start TEXT NOT NULL,
    stop TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX monitor_log_serial ON monitor_log (serial, start);
CREATE INDEX monitor_log_event ON monitor_log (event_id);

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    source TEXT NOT NULL,
    received INTEGER NOT NULL,
    new INTEGER NOT NULL,
    same INTEGER NOT NULL,
    paired_late INTEGER NOT NULL,
    conflicts INTEGER NOT NULL,
    refused INTEGER NOT NULL
) STRICT;

CREATE TABLE review_log (
    number INTEGER PRIMARY KEY,
    event_id INTEGER NOT NULL,
    serial TEXT NOT NULL,
    filename TEXT NOT NULL,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    undoes INTEGER,
    before TEXT NOT NULL,
    after TEXT NOT NULL
) STRICT;
CREATE INDEX review_log_event ON review_log (event_id, number);
