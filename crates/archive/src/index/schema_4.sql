-- Where the entries of the ledger stand in its file, and the hashes of its tree: of each complete
-- subtree over 2^level entries, by its place from 0.
CREATE TABLE ledger (
    entry INTEGER PRIMARY KEY,
    offset INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    action TEXT NOT NULL,
    event_id INTEGER
) STRICT;
CREATE INDEX ledger_event ON ledger (event_id, entry, action) WHERE event_id IS NOT NULL;
CREATE INDEX ledger_lost ON ledger (entry) WHERE action = 'lost';
CREATE INDEX ledger_review ON ledger (entry) WHERE action = 'review';

CREATE TABLE ledger_nodes (
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;
