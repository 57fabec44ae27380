CREATE TABLE `audit_log` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at_ms` integer NOT NULL,
	`actor` text NOT NULL,
	`role` text NOT NULL,
	`action` text NOT NULL,
	`target` text NOT NULL,
	`before` text,
	`after` text,
	`reason` text
);
--> statement-breakpoint
CREATE INDEX `audit_log_by_target` ON `audit_log` (`target`,`id`);--> statement-breakpoint
CREATE INDEX `audit_log_by_actor` ON `audit_log` (`actor`,`id`);--> statement-breakpoint
CREATE INDEX `audit_log_by_action` ON `audit_log` (`action`,`id`);--> statement-breakpoint
CREATE TABLE `letter_groups` (
	`id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`topic` text NOT NULL,
	`reason` text NOT NULL,
	`signature` text NOT NULL,
	`letters` integer NOT NULL,
	`failures` integer NOT NULL,
	`open` integer NOT NULL,
	`replaying` integer NOT NULL,
	`resolved` integer NOT NULL,
	`discarded` integer NOT NULL,
	`quarantined` integer NOT NULL,
	`first_failed_at_ms` integer NOT NULL,
	`last_failed_at_ms` integer NOT NULL,
	`opened_at_ms` integer NOT NULL,
	`note` text,
	`changed_by` text,
	`changed_at_ms` integer
);
--> statement-breakpoint
CREATE INDEX `letter_groups_by_state` ON `letter_groups` (`state`,"last_failed_at_ms" DESC,`id`);--> statement-breakpoint
CREATE INDEX `letter_groups_by_last_failure` ON `letter_groups` ("last_failed_at_ms" DESC,`id`);--> statement-breakpoint
CREATE TABLE `letter_revisions` (
	`letter_id` text NOT NULL,
	`revision` integer NOT NULL,
	`patch` text NOT NULL,
	`actor` text NOT NULL,
	`reason` text NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`letter_id`, `revision`)
);
--> statement-breakpoint
CREATE TABLE `replay_runs` (
	`id` text PRIMARY KEY NOT NULL,
	`created_at_ms` integer NOT NULL,
	`state` text NOT NULL,
	`run` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `replay_runs_by_creation` ON `replay_runs` ("created_at_ms" DESC,`id`);--> statement-breakpoint
CREATE INDEX `replay_runs_by_state` ON `replay_runs` (`state`);--> statement-breakpoint
ALTER TABLE `dead_letters` ADD `group_id` text;--> statement-breakpoint
ALTER TABLE `dead_letters` ADD `signature` text;--> statement-breakpoint
ALTER TABLE `dead_letters` ADD `search` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `dead_letters` ADD `revision` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `dead_letters` ADD `edited` text;--> statement-breakpoint
ALTER TABLE `dead_letters` ADD `run_id` text;--> statement-breakpoint
ALTER TABLE `dead_letters` ADD `discard_reason` text;--> statement-breakpoint
ALTER TABLE `dead_letters` ADD `discarded_at_ms` integer;--> statement-breakpoint
ALTER TABLE `dead_letters` ADD `emptied_at_ms` integer;--> statement-breakpoint
CREATE INDEX `dead_letters_by_group` ON `dead_letters` (`group_id`,`state`,"last_failed_at_ms" DESC,`id`);--> statement-breakpoint
CREATE INDEX `dead_letters_by_topic` ON `dead_letters` (`topic`,`state`,"last_failed_at_ms" DESC,`id`);--> statement-breakpoint
CREATE INDEX `dead_letters_by_device` ON `dead_letters` (`device_key`,`state`,"last_failed_at_ms" DESC,`id`);--> statement-breakpoint
CREATE VIRTUAL TABLE dead_letter_search USING fts5(search, content='dead_letters', content_rowid='rowid');--> statement-breakpoint
CREATE TRIGGER dead_letter_added AFTER INSERT ON dead_letters BEGIN
  INSERT INTO dead_letter_search (rowid, search) VALUES (new.rowid, new.search);
  INSERT INTO letter_groups (
    id, state, topic, reason, signature, letters, failures, open, replaying, resolved, discarded, quarantined,
    first_failed_at_ms, last_failed_at_ms, opened_at_ms
  )
  SELECT new.group_id, 'open', new.topic, new.reason, new.signature, 0, 0, 0, 0, 0, 0, 0,
    new.first_failed_at_ms, new.last_failed_at_ms, new.last_failed_at_ms
  WHERE new.group_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM letter_groups WHERE id = new.group_id);
  UPDATE letter_groups SET
    letters = letters + 1,
    failures = failures + new.failures,
    open = open + (new.state = 'open'),
    replaying = replaying + (new.state = 'replaying'),
    resolved = resolved + (new.state = 'resolved'),
    discarded = discarded + (new.state = 'discarded'),
    quarantined = quarantined + (new.state = 'quarantined'),
    first_failed_at_ms = min(first_failed_at_ms, new.first_failed_at_ms),
    last_failed_at_ms = max(last_failed_at_ms, new.last_failed_at_ms),
    opened_at_ms = CASE WHEN state = 'resolved' AND new.state = 'open' THEN new.last_failed_at_ms ELSE opened_at_ms END,
    state = CASE WHEN state = 'resolved' AND new.state = 'open' THEN 'regressed' ELSE state END
  WHERE id = new.group_id;
END;--> statement-breakpoint
-- A letter leaves its group with all it was counted for, and comes into its group, the same or another, with all it is.
CREATE TRIGGER dead_letter_moved AFTER UPDATE OF state, failures, group_id ON dead_letters
WHEN old.state IS NOT new.state OR old.failures IS NOT new.failures OR old.group_id IS NOT new.group_id BEGIN
  INSERT INTO letter_groups (
    id, state, topic, reason, signature, letters, failures, open, replaying, resolved, discarded, quarantined,
    first_failed_at_ms, last_failed_at_ms, opened_at_ms
  )
  SELECT new.group_id, 'open', new.topic, new.reason, new.signature, 0, 0, 0, 0, 0, 0, 0,
    new.first_failed_at_ms, new.last_failed_at_ms, new.last_failed_at_ms
  WHERE new.group_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM letter_groups WHERE id = new.group_id);
  UPDATE letter_groups SET
    letters = letters - 1,
    failures = failures - old.failures,
    open = open - (old.state = 'open'),
    replaying = replaying - (old.state = 'replaying'),
    resolved = resolved - (old.state = 'resolved'),
    discarded = discarded - (old.state = 'discarded'),
    quarantined = quarantined - (old.state = 'quarantined')
  WHERE id = old.group_id;
  UPDATE letter_groups SET
    letters = letters + 1,
    failures = failures + new.failures,
    open = open + (new.state = 'open'),
    replaying = replaying + (new.state = 'replaying'),
    resolved = resolved + (new.state = 'resolved'),
    discarded = discarded + (new.state = 'discarded'),
    quarantined = quarantined + (new.state = 'quarantined'),
    last_failed_at_ms = max(last_failed_at_ms, new.last_failed_at_ms),
    opened_at_ms = CASE
      WHEN state = 'resolved' AND new.failures > old.failures THEN new.last_failed_at_ms ELSE opened_at_ms
    END,
    state = CASE
      WHEN state = 'resolved' AND new.failures > old.failures THEN 'regressed'
      WHEN state = 'resolved' AND old.state = 'discarded' AND new.state = 'open' THEN 'open'
      ELSE state
    END
  WHERE id = new.group_id;
  -- What the last waiting letter left is dealt with.
  UPDATE letter_groups SET state = 'resolved'
  WHERE id IN (old.group_id, new.group_id) AND state IN ('open', 'acknowledged', 'regressed')
    AND open + replaying + quarantined = 0;
END;--> statement-breakpoint
CREATE TRIGGER dead_letter_described AFTER UPDATE OF search ON dead_letters WHEN old.search IS NOT new.search BEGIN
  INSERT INTO dead_letter_search (dead_letter_search, rowid, search) VALUES ('delete', old.rowid, old.search);
  INSERT INTO dead_letter_search (rowid, search) VALUES (new.rowid, new.search);
END;--> statement-breakpoint
-- Its group goes on counting it: that it was there once does not change.
CREATE TRIGGER dead_letter_deleted AFTER DELETE ON dead_letters BEGIN
  INSERT INTO dead_letter_search (dead_letter_search, rowid, search) VALUES ('delete', old.rowid, old.search);
END;--> statement-breakpoint
INSERT INTO dead_letter_search (dead_letter_search) VALUES ('rebuild');--> statement-breakpoint
CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;--> statement-breakpoint
CREATE TRIGGER audit_log_is_kept BEFORE DELETE ON audit_log BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
