-- Which of project, client, operator and location people set or corrected.
ALTER TABLE events ADD COLUMN corrected TEXT NOT NULL DEFAULT '[]';

-- What the alarm levels say of an event: NULL where it is not judged yet. The worse outcome of ground and
-- air and its margin; both verdicts as a document.
ALTER TABLE events ADD COLUMN verdict TEXT;
ALTER TABLE events ADD COLUMN margin_percent REAL;
ALTER TABLE events ADD COLUMN judged TEXT NOT NULL DEFAULT '{}';
ALTER TABLE events ADD COLUMN verdict_sum INTEGER;
CREATE INDEX events_not_judged ON events (id) WHERE verdict IS NULL;
CREATE INDEX events_verdict ON events (verdict, timestamp, id) WHERE verdict IS NOT NULL;
CREATE INDEX events_margin ON events (margin_percent, id);
CREATE INDEX ledger_level ON ledger (entry) WHERE action = 'level';

-- The last entry of the ledger that set a level by which verdicts were looked through: those of other levels
-- than the ones in force are gone.
CREATE TABLE levels_seen (entry INTEGER NOT NULL) STRICT;
INSERT INTO levels_seen VALUES (0);
