CREATE TABLE `letter_depths` (
	`reason` text PRIMARY KEY NOT NULL,
	`open` integer NOT NULL,
	`replaying` integer NOT NULL,
	`resolved` integer NOT NULL,
	`discarded` integer NOT NULL,
	`quarantined` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `letter_group_hours` (
	`group_id` text NOT NULL,
	`hour` integer NOT NULL,
	`failures` integer NOT NULL,
	PRIMARY KEY(`group_id`, `hour`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO letter_depths (reason, open, replaying, resolved, discarded, quarantined)
SELECT reason, sum(open), sum(replaying), sum(resolved), sum(discarded), sum(quarantined)
FROM letter_groups GROUP BY reason;--> statement-breakpoint
-- A group begins with no letter, and each letter changes its counts; so the sums follow from the changes.
CREATE TRIGGER letter_group_counted AFTER UPDATE OF open, replaying, resolved, discarded, quarantined ON letter_groups
WHEN old.open IS NOT new.open OR old.replaying IS NOT new.replaying OR old.resolved IS NOT new.resolved
  OR old.discarded IS NOT new.discarded OR old.quarantined IS NOT new.quarantined BEGIN
  INSERT INTO letter_depths (reason, open, replaying, resolved, discarded, quarantined)
  SELECT new.reason, 0, 0, 0, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM letter_depths WHERE reason = new.reason);
  UPDATE letter_depths SET
    open = open + new.open - old.open,
    replaying = replaying + new.replaying - old.replaying,
    resolved = resolved + new.resolved - old.resolved,
    discarded = discarded + new.discarded - old.discarded,
    quarantined = quarantined + new.quarantined - old.quarantined
  WHERE reason = new.reason;
END;--> statement-breakpoint
CREATE TRIGGER dead_letter_failed AFTER INSERT ON dead_letters WHEN new.group_id IS NOT NULL BEGIN
  INSERT INTO letter_group_hours (group_id, hour, failures)
  SELECT new.group_id, new.last_failed_at_ms / 3600000, 0 WHERE NOT EXISTS (
    SELECT 1 FROM letter_group_hours WHERE group_id = new.group_id AND hour = new.last_failed_at_ms / 3600000
  );
  UPDATE letter_group_hours SET failures = failures + new.failures
  WHERE group_id = new.group_id AND hour = new.last_failed_at_ms / 3600000;
END;--> statement-breakpoint
CREATE TRIGGER dead_letter_failed_again AFTER UPDATE OF failures ON dead_letters
WHEN new.failures > old.failures AND new.group_id IS NOT NULL BEGIN
  INSERT INTO letter_group_hours (group_id, hour, failures)
  SELECT new.group_id, new.last_failed_at_ms / 3600000, 0 WHERE NOT EXISTS (
    SELECT 1 FROM letter_group_hours WHERE group_id = new.group_id AND hour = new.last_failed_at_ms / 3600000
  );
  UPDATE letter_group_hours SET failures = failures + new.failures - old.failures
  WHERE group_id = new.group_id AND hour = new.last_failed_at_ms / 3600000;
END;--> statement-breakpoint
-- A new hour of a group lets go of those that no trend goes back to.
CREATE TRIGGER letter_group_hour_added AFTER INSERT ON letter_group_hours BEGIN
  DELETE FROM letter_group_hours WHERE group_id = new.group_id AND hour < new.hour - 47;
END;
