CREATE TABLE `forgotten` (
	`id` text PRIMARY KEY NOT NULL,
	`until_ms` integer NOT NULL,
	`request_id` text NOT NULL,
	`redacted_at_ms` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `forgotten_to_redact` ON `forgotten` (`id`) WHERE "forgotten"."redacted_at_ms" IS NULL;--> statement-breakpoint
-- reviewed: Made again by the next statement of the same migration. It refuses what it refused, but for one thing.
DROP TRIGGER audit_log_stays;--> statement-breakpoint
-- Who did what and when stays for ever. Only words may be replaced, by one text, since they may quote somebody who was forgotten.
-- reviewed: The log has refused every update since it was made; this allows one kind of them.
CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log
WHEN NOT (new.id IS old.id AND new.at_ms IS old.at_ms AND new.actor IS old.actor AND new.role IS old.role
  AND new.action IS old.action AND (new.target IS old.target OR new.target = '[forgotten]')
  AND (new.before IS old.before OR new.before = '"[forgotten]"')
  AND (new.after IS old.after OR new.after = '"[forgotten]"')
  AND (new.reason IS old.reason OR new.reason = '[forgotten]')
  AND EXISTS (SELECT 1 FROM forgotten)) BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
