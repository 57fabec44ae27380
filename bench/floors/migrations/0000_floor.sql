-- As wide as a device's row, and with no index but its key's.
CREATE TABLE rows (id text PRIMARY KEY NOT NULL, value text NOT NULL) WITHOUT ROWID;
