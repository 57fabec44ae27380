CREATE TABLE `watches` (
	`id` text PRIMARY KEY NOT NULL,
	`until_ms` integer NOT NULL
) WITHOUT ROWID;
