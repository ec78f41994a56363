-- Who sent an import: the name of a token, or the user of the machine.
ALTER TABLE sessions ADD COLUMN sent_by TEXT;
