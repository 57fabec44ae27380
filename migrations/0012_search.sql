CREATE TABLE `device_texts` (
	`id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`name` text NOT NULL,
	`serial` text NOT NULL,
	`customer` text NOT NULL,
	`owner` text NOT NULL
);--> statement-breakpoint
CREATE UNIQUE INDEX `device_texts_by_key` ON `device_texts` (`key`);--> statement-breakpoint
CREATE TABLE `renamed_customers` (
	`customer_id` text NOT NULL,
	`source` text NOT NULL,
	`through` text NOT NULL,
	PRIMARY KEY(`customer_id`, `source`)
) WITHOUT ROWID;--> statement-breakpoint
CREATE VIRTUAL TABLE device_search USING fts5(
  name, serial, customer, owner,
  content='device_texts', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3'
);--> statement-breakpoint
CREATE TRIGGER device_text_added AFTER INSERT ON device_texts BEGIN
  INSERT INTO device_search (rowid, name, serial, customer, owner)
  VALUES (new.id, new.name, new.serial, new.customer, new.owner);
END;--> statement-breakpoint
CREATE TRIGGER device_text_changed AFTER UPDATE ON device_texts BEGIN
  INSERT INTO device_search (device_search, rowid, name, serial, customer, owner)
  VALUES ('delete', old.id, old.name, old.serial, old.customer, old.owner);
  INSERT INTO device_search (rowid, name, serial, customer, owner)
  VALUES (new.id, new.name, new.serial, new.customer, new.owner);
END;--> statement-breakpoint
CREATE TRIGGER device_text_removed AFTER DELETE ON device_texts BEGIN
  INSERT INTO device_search (device_search, rowid, name, serial, customer, owner)
  VALUES ('delete', old.id, old.name, old.serial, old.customer, old.owner);
END;--> statement-breakpoint
-- As for the counts: triggers keep the texts of devices up to `through`, and a Worker adds the others in steps.
INSERT INTO fill_progress (name, through)
SELECT 'search', CASE WHEN EXISTS (SELECT 1 FROM devices) THEN '' ELSE '~' END;--> statement-breakpoint
-- What a device is found by, as the rows have it now. The customer's name is that of the device's own source; the owner is
-- one word for each dealer, whatever its id has in it.
CREATE VIEW device_words AS
SELECT key, ifnull(aspects ->> '$.profile.value.name', '') AS name, ifnull(serial_number, '') AS serial,
  ifnull((
    SELECT c.name FROM customer_records c
    WHERE c.customer_id = devices.customer_id AND c.source = substr(devices.key, 1, instr(devices.key, ':') - 1)
  ), '') AS customer,
  CASE WHEN dealer_id IS NULL THEN '' ELSE 'd' || lower(hex(dealer_id)) END AS owner
FROM devices;--> statement-breakpoint
CREATE TRIGGER device_added_found AFTER INSERT ON devices
WHEN new.key <= (SELECT through FROM fill_progress WHERE name = 'search') BEGIN
  INSERT INTO device_texts (key, name, serial, customer, owner)
  SELECT w.key, w.name, w.serial, w.customer, w.owner FROM device_words w
  WHERE w.key = new.key
    AND (w.name <> '' OR w.serial <> '' OR w.customer <> '' OR EXISTS (SELECT 1 FROM device_texts t WHERE t.key = w.key))
  ON CONFLICT (key) DO UPDATE SET
    name = excluded.name, serial = excluded.serial, customer = excluded.customer, owner = excluded.owner
  WHERE (name, serial, customer, owner) IS NOT (excluded.name, excluded.serial, excluded.customer, excluded.owner);
END;--> statement-breakpoint
-- A report changes none of these, and writes nothing here.
CREATE TRIGGER device_changed_found AFTER UPDATE OF aspects, serial_number, customer_id, dealer_id ON devices
WHEN (old.serial_number IS NOT new.serial_number OR old.customer_id IS NOT new.customer_id
  OR old.dealer_id IS NOT new.dealer_id
  OR old.aspects ->> '$.profile.value.name' IS NOT new.aspects ->> '$.profile.value.name')
  AND new.key <= (SELECT through FROM fill_progress WHERE name = 'search') BEGIN
  INSERT INTO device_texts (key, name, serial, customer, owner)
  SELECT w.key, w.name, w.serial, w.customer, w.owner FROM device_words w
  WHERE w.key = new.key
    AND (w.name <> '' OR w.serial <> '' OR w.customer <> '' OR EXISTS (SELECT 1 FROM device_texts t WHERE t.key = w.key))
  ON CONFLICT (key) DO UPDATE SET
    name = excluded.name, serial = excluded.serial, customer = excluded.customer, owner = excluded.owner
  WHERE (name, serial, customer, owner) IS NOT (excluded.name, excluded.serial, excluded.customer, excluded.owner);
END;--> statement-breakpoint
CREATE TRIGGER device_removed_found AFTER DELETE ON devices BEGIN
  DELETE FROM device_texts WHERE key = old.key;
END;--> statement-breakpoint
-- A customer's first devices are found by its name at once; a Worker goes through the others in steps.
CREATE TRIGGER customer_added_found AFTER INSERT ON customer_records BEGIN
  INSERT INTO device_texts (key, name, serial, customer, owner)
  SELECT w.key, w.name, w.serial, w.customer, w.owner FROM device_words w
  WHERE w.key IN (SELECT key FROM devices WHERE customer_id = new.customer_id AND key > new.source || ':' AND key < new.source || ';' ORDER BY key LIMIT 20) AND w.key <= (SELECT through FROM fill_progress WHERE name = 'search')
    AND (w.name <> '' OR w.serial <> '' OR w.customer <> '' OR EXISTS (SELECT 1 FROM device_texts t WHERE t.key = w.key))
  ON CONFLICT (key) DO UPDATE SET
    name = excluded.name, serial = excluded.serial, customer = excluded.customer, owner = excluded.owner
  WHERE (name, serial, customer, owner) IS NOT (excluded.name, excluded.serial, excluded.customer, excluded.owner);
  INSERT INTO renamed_customers (customer_id, source, through)
  SELECT new.customer_id, new.source, key FROM devices WHERE customer_id = new.customer_id AND key > new.source || ':' AND key < new.source || ';' ORDER BY key LIMIT 1 OFFSET 20
  ON CONFLICT (customer_id, source) DO UPDATE SET through = excluded.through;
END;--> statement-breakpoint
CREATE TRIGGER customer_renamed_found AFTER UPDATE OF name ON customer_records
WHEN old.name IS NOT new.name BEGIN
  INSERT INTO device_texts (key, name, serial, customer, owner)
  SELECT w.key, w.name, w.serial, w.customer, w.owner FROM device_words w
  WHERE w.key IN (SELECT key FROM devices WHERE customer_id = new.customer_id AND key > new.source || ':' AND key < new.source || ';' ORDER BY key LIMIT 20) AND w.key <= (SELECT through FROM fill_progress WHERE name = 'search')
    AND (w.name <> '' OR w.serial <> '' OR w.customer <> '' OR EXISTS (SELECT 1 FROM device_texts t WHERE t.key = w.key))
  ON CONFLICT (key) DO UPDATE SET
    name = excluded.name, serial = excluded.serial, customer = excluded.customer, owner = excluded.owner
  WHERE (name, serial, customer, owner) IS NOT (excluded.name, excluded.serial, excluded.customer, excluded.owner);
  INSERT INTO renamed_customers (customer_id, source, through)
  SELECT new.customer_id, new.source, key FROM devices WHERE customer_id = new.customer_id AND key > new.source || ':' AND key < new.source || ';' ORDER BY key LIMIT 1 OFFSET 20
  ON CONFLICT (customer_id, source) DO UPDATE SET through = excluded.through;
END;
