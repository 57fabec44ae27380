CREATE TABLE `customer_records` (
	`customer_id` text NOT NULL,
	`source` text NOT NULL,
	`version` text NOT NULL,
	`value` text NOT NULL,
	`name` text NOT NULL,
	PRIMARY KEY(`customer_id`, `source`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `customer_records_by_name` ON `customer_records` (`name`,`customer_id`);--> statement-breakpoint
CREATE TABLE `dealer_records` (
	`dealer_id` text NOT NULL,
	`source` text NOT NULL,
	`version` text NOT NULL,
	`value` text NOT NULL,
	`name` text NOT NULL,
	PRIMARY KEY(`dealer_id`, `source`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `dealer_records_by_name` ON `dealer_records` (`name`,`dealer_id`);
--> statement-breakpoint
-- Nobody noted who said what. Each source whose devices name a dealer or a customer gets what is known of it, as its
-- readers see it today, until that source names it again; what no device names any more is nobody's (`''`).
INSERT INTO dealer_records (dealer_id, source, version, value, name)
SELECT DISTINCT d.dealer_id, substr(a.device_key, 1, instr(a.device_key, ':') - 1), d.version, d.value, d.name
FROM assignments a JOIN dealers d ON d.dealer_id = a.dealer_id;
--> statement-breakpoint
INSERT INTO dealer_records (dealer_id, source, version, value, name)
SELECT d.dealer_id, '', d.version, d.value, d.name FROM dealers d
WHERE NOT EXISTS (SELECT 1 FROM dealer_records r WHERE r.dealer_id = d.dealer_id);
--> statement-breakpoint
INSERT INTO customer_records (customer_id, source, version, value, name)
SELECT DISTINCT c.customer_id, substr(v.key, 1, instr(v.key, ':') - 1), c.version, c.value, c.name
FROM customers c JOIN devices v ON v.customer_id = c.customer_id;
--> statement-breakpoint
INSERT INTO customer_records (customer_id, source, version, value, name)
SELECT c.customer_id, '', c.version, c.value, c.name FROM customers c
WHERE NOT EXISTS (SELECT 1 FROM customer_records r WHERE r.customer_id = c.customer_id);
--> statement-breakpoint
-- A Worker of before writes here until the new one is deployed, behind the device whose event said so.
CREATE TRIGGER dealers_insert_carried AFTER INSERT ON dealers BEGIN
  INSERT INTO dealer_records (dealer_id, source, version, value, name)
  SELECT DISTINCT NEW.dealer_id, substr(v.key, 1, instr(v.key, ':') - 1), NEW.version, NEW.value, NEW.name
  FROM devices v WHERE v.dealer_id = NEW.dealer_id AND v.aspects ->> '$.dealer.version' = NEW.version
  ON CONFLICT (dealer_id, source) DO UPDATE SET version = excluded.version, value = excluded.value, name = excluded.name
  WHERE (excluded.version, excluded.value) > (dealer_records.version, dealer_records.value);
END;
--> statement-breakpoint
-- A Worker of before writes here until the new one is deployed, behind the device whose event said so.
CREATE TRIGGER dealers_update_carried AFTER UPDATE ON dealers BEGIN
  INSERT INTO dealer_records (dealer_id, source, version, value, name)
  SELECT DISTINCT NEW.dealer_id, substr(v.key, 1, instr(v.key, ':') - 1), NEW.version, NEW.value, NEW.name
  FROM devices v WHERE v.dealer_id = NEW.dealer_id AND v.aspects ->> '$.dealer.version' = NEW.version
  ON CONFLICT (dealer_id, source) DO UPDATE SET version = excluded.version, value = excluded.value, name = excluded.name
  WHERE (excluded.version, excluded.value) > (dealer_records.version, dealer_records.value);
END;
--> statement-breakpoint
-- A Worker of before writes here until the new one is deployed, behind the device whose event said so.
CREATE TRIGGER customers_insert_carried AFTER INSERT ON customers BEGIN
  INSERT INTO customer_records (customer_id, source, version, value, name)
  SELECT DISTINCT NEW.customer_id, substr(v.key, 1, instr(v.key, ':') - 1), NEW.version, NEW.value, NEW.name
  FROM devices v WHERE v.customer_id = NEW.customer_id AND v.aspects ->> '$.customer.version' = NEW.version
  ON CONFLICT (customer_id, source) DO UPDATE SET version = excluded.version, value = excluded.value, name = excluded.name
  WHERE (excluded.version, excluded.value) > (customer_records.version, customer_records.value);
END;
--> statement-breakpoint
-- A Worker of before writes here until the new one is deployed, behind the device whose event said so.
CREATE TRIGGER customers_update_carried AFTER UPDATE ON customers BEGIN
  INSERT INTO customer_records (customer_id, source, version, value, name)
  SELECT DISTINCT NEW.customer_id, substr(v.key, 1, instr(v.key, ':') - 1), NEW.version, NEW.value, NEW.name
  FROM devices v WHERE v.customer_id = NEW.customer_id AND v.aspects ->> '$.customer.version' = NEW.version
  ON CONFLICT (customer_id, source) DO UPDATE SET version = excluded.version, value = excluded.value, name = excluded.name
  WHERE (excluded.version, excluded.value) > (customer_records.version, customer_records.value);
END;
