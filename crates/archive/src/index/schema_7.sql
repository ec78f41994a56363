-- Which of project, client, operator and location people set or corrected.
ALTER TABLE events ADD COLUMN corrected TEXT NOT NULL DEFAULT '[]';
