-- The sums follow the rows.

-- An event comes to its groups.
CREATE TRIGGER events_come AFTER INSERT ON events BEGIN
    INSERT INTO unit_sums VALUES (NEW.serial, 1, NEW.false_trigger, NEW.reviewed_at IS NULL,
        CASE WHEN NEW.false_trigger = 0 THEN NEW.ppv_in_s END, NEW.timestamp, NEW.timestamp, NEW.captured_at)
    ON CONFLICT (serial) DO UPDATE SET events = events + 1,
        false_triggers = false_triggers + excluded.false_triggers,
        unreviewed = unreviewed + excluded.unreviewed,
        largest = max(ifnull(largest, excluded.largest), ifnull(excluded.largest, largest)),
        first = min(ifnull(first, excluded.first), ifnull(excluded.first, first)),
        last = max(ifnull(last, excluded.last), ifnull(excluded.last, last)),
        captured = max(ifnull(captured, excluded.captured), ifnull(excluded.captured, captured));
    INSERT INTO project_sums SELECT ifnull('p' || t.project, ''), 1, NEW.false_trigger,
        CASE WHEN NEW.false_trigger = 0 THEN NEW.ppv_in_s END, NEW.timestamp, NEW.timestamp
        FROM texts t WHERE t.id = NEW.text_id
    ON CONFLICT (project) DO UPDATE SET events = events + 1,
        false_triggers = false_triggers + excluded.false_triggers,
        largest = max(ifnull(largest, excluded.largest), ifnull(excluded.largest, largest)),
        first = min(ifnull(first, excluded.first), ifnull(excluded.first, first)),
        last = max(ifnull(last, excluded.last), ifnull(excluded.last, last));
    INSERT INTO project_units SELECT ifnull('p' || t.project, ''), NEW.serial, 1
        FROM texts t WHERE t.id = NEW.text_id
    ON CONFLICT (project, serial) DO UPDATE SET events = events + 1;
    INSERT INTO month_sums VALUES (ifnull(substr(NEW.timestamp, 1, 7), ''), 1, NEW.false_trigger,
        CASE WHEN NEW.false_trigger = 0 THEN NEW.ppv_in_s END)
    ON CONFLICT (month) DO UPDATE SET events = events + 1,
        false_triggers = false_triggers + excluded.false_triggers,
        largest = max(ifnull(largest, excluded.largest), ifnull(excluded.largest, largest));
END;

-- An event goes from its groups: what it alone was the largest, first or last of is looked for anew.
CREATE TRIGGER events_go AFTER DELETE ON events BEGIN
    UPDATE unit_sums SET events = events - 1, false_triggers = false_triggers - OLD.false_trigger,
        unreviewed = unreviewed - (OLD.reviewed_at IS NULL),
        largest = CASE WHEN OLD.false_trigger = 0 AND OLD.ppv_in_s >= largest THEN
            (SELECT max(ppv_in_s) FROM events WHERE serial = OLD.serial AND false_trigger = 0)
            ELSE largest END,
        first = CASE WHEN OLD.timestamp <= first THEN
            (SELECT min(timestamp) FROM events WHERE serial = OLD.serial) ELSE first END,
        last = CASE WHEN OLD.timestamp >= last THEN
            (SELECT max(timestamp) FROM events WHERE serial = OLD.serial) ELSE last END,
        captured = CASE WHEN OLD.captured_at >= captured THEN
            (SELECT max(captured_at) FROM events WHERE serial = OLD.serial) ELSE captured END
        WHERE serial = OLD.serial;
    DELETE FROM unit_sums WHERE serial = OLD.serial AND events = 0;
    UPDATE project_sums SET events = events - 1, false_triggers = false_triggers - OLD.false_trigger,
        largest = CASE WHEN OLD.false_trigger = 0 AND OLD.ppv_in_s >= largest THEN
            (SELECT max((SELECT max(ppv_in_s) FROM events WHERE text_id = t.id AND false_trigger = 0)) FROM texts t
                WHERE t.project IS (SELECT project FROM texts WHERE id = OLD.text_id))
            ELSE largest END,
        first = CASE WHEN OLD.timestamp <= first THEN
            (SELECT min((SELECT min(timestamp) FROM events WHERE text_id = t.id)) FROM texts t
                WHERE t.project IS (SELECT project FROM texts WHERE id = OLD.text_id)) ELSE first END,
        last = CASE WHEN OLD.timestamp >= last THEN
            (SELECT max((SELECT max(timestamp) FROM events WHERE text_id = t.id)) FROM texts t
                WHERE t.project IS (SELECT project FROM texts WHERE id = OLD.text_id)) ELSE last END
        WHERE project = (SELECT ifnull('p' || project, '') FROM texts WHERE id = OLD.text_id);
    DELETE FROM project_sums WHERE events = 0
        AND project = (SELECT ifnull('p' || project, '') FROM texts WHERE id = OLD.text_id);
    UPDATE project_units SET events = events - 1 WHERE serial = OLD.serial
        AND project = (SELECT ifnull('p' || project, '') FROM texts WHERE id = OLD.text_id);
    DELETE FROM project_units WHERE events = 0 AND serial = OLD.serial
        AND project = (SELECT ifnull('p' || project, '') FROM texts WHERE id = OLD.text_id);
    UPDATE month_sums SET events = events - 1, false_triggers = false_triggers - OLD.false_trigger,
        largest = CASE WHEN OLD.false_trigger = 0 AND OLD.ppv_in_s >= largest THEN
            (SELECT max(ppv_in_s) FROM events WHERE false_trigger = 0
                AND substr(timestamp, 1, 7) IS substr(OLD.timestamp, 1, 7))
            ELSE largest END
        WHERE month = ifnull(substr(OLD.timestamp, 1, 7), '');
    DELETE FROM month_sums WHERE month = ifnull(substr(OLD.timestamp, 1, 7), '') AND events = 0;
END;

-- An event that changes goes from where it was and comes to where it is; what it still is of its groups is
-- not looked for.
CREATE TRIGGER events_change AFTER UPDATE ON events
    WHEN (OLD.serial, OLD.text_id, OLD.timestamp, OLD.ppv_in_s, OLD.false_trigger, OLD.reviewed_at IS NULL,
        OLD.captured_at) IS NOT (NEW.serial, NEW.text_id, NEW.timestamp, NEW.ppv_in_s, NEW.false_trigger,
        NEW.reviewed_at IS NULL, NEW.captured_at)
BEGIN
    UPDATE unit_sums SET events = events - 1, false_triggers = false_triggers - OLD.false_trigger,
        unreviewed = unreviewed - (OLD.reviewed_at IS NULL),
        largest = CASE WHEN OLD.false_trigger = 0 AND OLD.ppv_in_s >= largest THEN
            (SELECT max(ppv_in_s) FROM events WHERE serial = OLD.serial AND false_trigger = 0)
            ELSE largest END,
        first = CASE WHEN OLD.timestamp <= first
            AND (OLD.serial, OLD.text_id, OLD.timestamp) IS NOT (NEW.serial, NEW.text_id, NEW.timestamp) THEN
            (SELECT min(timestamp) FROM events WHERE serial = OLD.serial) ELSE first END,
        last = CASE WHEN OLD.timestamp >= last
            AND (OLD.serial, OLD.text_id, OLD.timestamp) IS NOT (NEW.serial, NEW.text_id, NEW.timestamp) THEN
            (SELECT max(timestamp) FROM events WHERE serial = OLD.serial) ELSE last END,
        captured = CASE WHEN OLD.captured_at >= captured
            AND (OLD.serial, OLD.captured_at) IS NOT (NEW.serial, NEW.captured_at) THEN
            (SELECT max(captured_at) FROM events WHERE serial = OLD.serial) ELSE captured END
        WHERE serial = OLD.serial;
    DELETE FROM unit_sums WHERE serial = OLD.serial AND events = 0;
    UPDATE project_sums SET events = events - 1, false_triggers = false_triggers - OLD.false_trigger,
        largest = CASE WHEN OLD.false_trigger = 0 AND OLD.ppv_in_s >= largest THEN
            (SELECT max((SELECT max(ppv_in_s) FROM events WHERE text_id = t.id AND false_trigger = 0)) FROM texts t
                WHERE t.project IS (SELECT project FROM texts WHERE id = OLD.text_id))
            ELSE largest END,
        first = CASE WHEN OLD.timestamp <= first
            AND (OLD.serial, OLD.text_id, OLD.timestamp) IS NOT (NEW.serial, NEW.text_id, NEW.timestamp) THEN
            (SELECT min((SELECT min(timestamp) FROM events WHERE text_id = t.id)) FROM texts t
                WHERE t.project IS (SELECT project FROM texts WHERE id = OLD.text_id)) ELSE first END,
        last = CASE WHEN OLD.timestamp >= last
            AND (OLD.serial, OLD.text_id, OLD.timestamp) IS NOT (NEW.serial, NEW.text_id, NEW.timestamp) THEN
            (SELECT max((SELECT max(timestamp) FROM events WHERE text_id = t.id)) FROM texts t
                WHERE t.project IS (SELECT project FROM texts WHERE id = OLD.text_id)) ELSE last END
        WHERE project = (SELECT ifnull('p' || project, '') FROM texts WHERE id = OLD.text_id);
    DELETE FROM project_sums WHERE events = 0
        AND project = (SELECT ifnull('p' || project, '') FROM texts WHERE id = OLD.text_id);
    UPDATE project_units SET events = events - 1 WHERE serial = OLD.serial
        AND project = (SELECT ifnull('p' || project, '') FROM texts WHERE id = OLD.text_id);
    DELETE FROM project_units WHERE events = 0 AND serial = OLD.serial
        AND project = (SELECT ifnull('p' || project, '') FROM texts WHERE id = OLD.text_id);
    UPDATE month_sums SET events = events - 1, false_triggers = false_triggers - OLD.false_trigger,
        largest = CASE WHEN OLD.false_trigger = 0 AND OLD.ppv_in_s >= largest THEN
            (SELECT max(ppv_in_s) FROM events WHERE false_trigger = 0
                AND substr(timestamp, 1, 7) IS substr(OLD.timestamp, 1, 7))
            ELSE largest END
        WHERE month = ifnull(substr(OLD.timestamp, 1, 7), '');
    DELETE FROM month_sums WHERE month = ifnull(substr(OLD.timestamp, 1, 7), '') AND events = 0;
    INSERT INTO unit_sums VALUES (NEW.serial, 1, NEW.false_trigger, NEW.reviewed_at IS NULL,
        CASE WHEN NEW.false_trigger = 0 THEN NEW.ppv_in_s END, NEW.timestamp, NEW.timestamp, NEW.captured_at)
    ON CONFLICT (serial) DO UPDATE SET events = events + 1,
        false_triggers = false_triggers + excluded.false_triggers,
        unreviewed = unreviewed + excluded.unreviewed,
        largest = max(ifnull(largest, excluded.largest), ifnull(excluded.largest, largest)),
        first = min(ifnull(first, excluded.first), ifnull(excluded.first, first)),
        last = max(ifnull(last, excluded.last), ifnull(excluded.last, last)),
        captured = max(ifnull(captured, excluded.captured), ifnull(excluded.captured, captured));
    INSERT INTO project_sums SELECT ifnull('p' || t.project, ''), 1, NEW.false_trigger,
        CASE WHEN NEW.false_trigger = 0 THEN NEW.ppv_in_s END, NEW.timestamp, NEW.timestamp
        FROM texts t WHERE t.id = NEW.text_id
    ON CONFLICT (project) DO UPDATE SET events = events + 1,
        false_triggers = false_triggers + excluded.false_triggers,
        largest = max(ifnull(largest, excluded.largest), ifnull(excluded.largest, largest)),
        first = min(ifnull(first, excluded.first), ifnull(excluded.first, first)),
        last = max(ifnull(last, excluded.last), ifnull(excluded.last, last));
    INSERT INTO project_units SELECT ifnull('p' || t.project, ''), NEW.serial, 1
        FROM texts t WHERE t.id = NEW.text_id
    ON CONFLICT (project, serial) DO UPDATE SET events = events + 1;
    INSERT INTO month_sums VALUES (ifnull(substr(NEW.timestamp, 1, 7), ''), 1, NEW.false_trigger,
        CASE WHEN NEW.false_trigger = 0 THEN NEW.ppv_in_s END)
    ON CONFLICT (month) DO UPDATE SET events = events + 1,
        false_triggers = false_triggers + excluded.false_triggers,
        largest = max(ifnull(largest, excluded.largest), ifnull(excluded.largest, largest));
END;
