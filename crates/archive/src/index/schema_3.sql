-- Weighted levels, which are none in dB(L) or psi; the peaks with unit and digits as they are shown;
-- whether report and samples contradict each other.
ALTER TABLE events ADD COLUMN mic_db_a REAL;
ALTER TABLE events ADD COLUMN mic_db_c REAL;
ALTER TABLE events ADD COLUMN readings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE events ADD COLUMN contradicted INTEGER NOT NULL DEFAULT 0 CHECK (contradicted IN (0, 1));
-- Who sent an import: the name of a token, or the user of the machine.
ALTER TABLE sessions ADD COLUMN sent_by TEXT;
