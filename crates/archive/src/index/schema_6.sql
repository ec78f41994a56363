-- How many events are damaged or contradicted, and the bytes of all sources, without the rows.
CREATE INDEX events_state ON events (damaged, contradicted, filesize);
