DROP INDEX `audit_log_by_target`;--> statement-breakpoint
DROP INDEX `audit_log_by_actor`;--> statement-breakpoint
DROP INDEX `audit_log_by_action`;--> statement-breakpoint
CREATE INDEX `audit_log_by_time` ON `audit_log` (`at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `audit_log_by_target` ON `audit_log` (`target`,`at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `audit_log_by_actor` ON `audit_log` (`actor`,`at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `audit_log_by_action` ON `audit_log` (`action`,`at_ms`,`id`);