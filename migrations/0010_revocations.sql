CREATE TABLE `token_revocations` (
	`id` text PRIMARY KEY NOT NULL,
	`revoked_at_ms` integer NOT NULL,
	`until_ms` integer NOT NULL,
	`revoked_by` text NOT NULL,
	`reason` text NOT NULL
) WITHOUT ROWID;
