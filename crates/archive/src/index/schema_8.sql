-- Maximum charge per delay, distance from blast to sensor and their scaled distance; both as they were given,
-- with who states them.
ALTER TABLE events ADD COLUMN charge_kg REAL;
ALTER TABLE events ADD COLUMN distance_m REAL;
ALTER TABLE events ADD COLUMN scaled_distance_m_kg05 REAL;
ALTER TABLE events ADD COLUMN blast TEXT NOT NULL DEFAULT '{}';
