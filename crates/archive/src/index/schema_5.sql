-- What there is of each unit, project and month, kept with the rows: summaries of millions of events are
-- read at once. "largest" leaves false triggers out. A view beside each table says what it has to be.
--
-- The key of a project is its name behind a p, of events without one nothing; the key of a month is
-- 2026-05, of events without a time nothing.
CREATE TABLE unit_sums (
    serial TEXT PRIMARY KEY,
    events INTEGER NOT NULL,
    false_triggers INTEGER NOT NULL,
    unreviewed INTEGER NOT NULL,
    largest REAL,
    first TEXT,
    last TEXT,
    captured TEXT
) STRICT, WITHOUT ROWID;
CREATE VIEW unit_sums_now AS SELECT serial, count(*) AS events, sum(false_trigger) AS false_triggers,
    sum(reviewed = 0) AS unreviewed, max(CASE WHEN false_trigger = 0 THEN ppv_in_s END) AS largest,
    min(timestamp) AS first, max(timestamp) AS last, max(captured_at) AS captured
    FROM events GROUP BY serial;

CREATE TABLE project_sums (
    project TEXT PRIMARY KEY,
    events INTEGER NOT NULL,
    false_triggers INTEGER NOT NULL,
    largest REAL,
    first TEXT,
    last TEXT
) STRICT, WITHOUT ROWID;
CREATE VIEW project_sums_now AS SELECT ifnull('p' || t.project, '') AS project, sum(g.events) AS events,
    sum(g.false_triggers) AS false_triggers, max(g.largest) AS largest, min(g.first) AS first,
    max(g.last) AS last
    FROM (SELECT text_id, count(*) AS events, sum(false_trigger) AS false_triggers,
        max(CASE WHEN false_trigger = 0 THEN ppv_in_s END) AS largest, min(timestamp) AS first,
        max(timestamp) AS last FROM events GROUP BY text_id) g
    JOIN texts t ON t.id = g.text_id GROUP BY t.project;

-- The units of each project, with their events.
CREATE TABLE project_units (
    project TEXT NOT NULL,
    serial TEXT NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (project, serial)
) STRICT, WITHOUT ROWID;
CREATE VIEW project_units_now AS SELECT ifnull('p' || t.project, '') AS project, g.serial,
    sum(g.events) AS events
    FROM (SELECT text_id, serial, count(*) AS events FROM events GROUP BY text_id, serial) g
    JOIN texts t ON t.id = g.text_id GROUP BY t.project, g.serial;

CREATE TABLE month_sums (
    month TEXT PRIMARY KEY,
    events INTEGER NOT NULL,
    false_triggers INTEGER NOT NULL,
    largest REAL
) STRICT, WITHOUT ROWID;
CREATE VIEW month_sums_now AS SELECT ifnull(substr(timestamp, 1, 7), '') AS month, count(*) AS events,
    sum(false_trigger) AS false_triggers, max(CASE WHEN false_trigger = 0 THEN ppv_in_s END) AS largest
    FROM events GROUP BY 1;

INSERT INTO unit_sums SELECT * FROM unit_sums_now;
INSERT INTO project_sums SELECT * FROM project_sums_now;
INSERT INTO project_units SELECT * FROM project_units_now;
INSERT INTO month_sums SELECT * FROM month_sums_now;

-- The largest of a group is found at once, also when the one that was the largest is found to be a false
-- trigger.
CREATE INDEX events_unit_largest ON events (serial, ppv_in_s) WHERE false_trigger = 0;
CREATE INDEX events_text_largest ON events (text_id, ppv_in_s) WHERE false_trigger = 0;
CREATE INDEX events_month_largest ON events (substr(timestamp, 1, 7), ppv_in_s) WHERE false_trigger = 0;
