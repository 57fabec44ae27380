DROP INDEX `devices_by_dealer`;--> statement-breakpoint
DROP INDEX `devices_by_customer`;--> statement-breakpoint
CREATE INDEX `devices_by_dealer` ON `devices` (`dealer_id`) WHERE "devices"."dealer_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `devices_by_customer` ON `devices` (`customer_id`) WHERE "devices"."customer_id" IS NOT NULL;