CREATE TABLE `alerts` (
	`device_key` text NOT NULL,
	`alert_id` text NOT NULL,
	`alert` text NOT NULL,
	`revision` integer NOT NULL,
	`state` text NOT NULL,
	`severity` text,
	`raised_at` text,
	PRIMARY KEY(`device_key`, `alert_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `alerts_by_raised_at` ON `alerts` (`raised_at`);--> statement-breakpoint
CREATE INDEX `alerts_by_state` ON `alerts` (`state`,`raised_at`);--> statement-breakpoint
CREATE TABLE `assignments` (
	`device_key` text NOT NULL,
	`version` text NOT NULL,
	`dealer_id` text,
	PRIMARY KEY(`device_key`, `version`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `customers` (
	`customer_id` text PRIMARY KEY NOT NULL,
	`version` text NOT NULL,
	`value` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `dead_letters` (
	`id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`topic` text NOT NULL,
	`event_id` text,
	`device_key` text,
	`stage` text NOT NULL,
	`reason` text NOT NULL,
	`failure` text NOT NULL,
	`record` text NOT NULL,
	`failures` integer NOT NULL,
	`first_failed_at_ms` integer NOT NULL,
	`last_failed_at_ms` integer NOT NULL,
	`contract_version` integer,
	`worker_version` text NOT NULL,
	`traceparent` text,
	`replays` integer DEFAULT 0 NOT NULL,
	`replayed_at_ms` integer,
	`outcome` text,
	`settled_at_ms` integer
);
--> statement-breakpoint
CREATE INDEX `dead_letters_by_state` ON `dead_letters` (`state`,`last_failed_at_ms` DESC,`id`);--> statement-breakpoint
CREATE TABLE `dealers` (
	`dealer_id` text PRIMARY KEY NOT NULL,
	`version` text NOT NULL,
	`value` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `devices` (
	`key` text PRIMARY KEY NOT NULL,
	`aspects` text NOT NULL,
	`latest` text NOT NULL,
	`revision` integer NOT NULL,
	`status` text NOT NULL,
	`serial_number` text,
	`dealer_id` text,
	`customer_id` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `devices_by_status` ON `devices` (`status`);--> statement-breakpoint
CREATE INDEX `devices_by_serial_number` ON `devices` (`serial_number`);--> statement-breakpoint
CREATE INDEX `devices_by_dealer` ON `devices` (`dealer_id`);--> statement-breakpoint
CREATE INDEX `devices_by_customer` ON `devices` (`customer_id`);
