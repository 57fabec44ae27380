ALTER TABLE `customers` ADD `name` text DEFAULT '' NOT NULL;--> statement-breakpoint
UPDATE `customers` SET `name` = `value` ->> '$.name';--> statement-breakpoint
CREATE INDEX `customers_by_name` ON `customers` (`name`);--> statement-breakpoint
ALTER TABLE `dealers` ADD `name` text DEFAULT '' NOT NULL;--> statement-breakpoint
UPDATE `dealers` SET `name` = `value` ->> '$.name';--> statement-breakpoint
CREATE INDEX `dealers_by_name` ON `dealers` (`name`);--> statement-breakpoint
ALTER TABLE `devices` ADD `registered_at` text;--> statement-breakpoint
ALTER TABLE `devices` ADD `updated_on` text DEFAULT '' NOT NULL;--> statement-breakpoint
UPDATE `devices` SET
	`updated_on` = substr(`latest`, 1, 10),
	`registered_at` = `aspects` ->> '$.registration.value.registeredAt';--> statement-breakpoint
CREATE INDEX `devices_by_registered_at` ON `devices` (`registered_at`);--> statement-breakpoint
CREATE INDEX `devices_by_updated_on` ON `devices` (`updated_on`);--> statement-breakpoint
CREATE INDEX `open_alerts_by_device` ON `alerts` (`device_key`,`severity`) WHERE "alerts"."state" = 'OPEN';
