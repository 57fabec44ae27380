CREATE INDEX `alerts_by_kind` ON `alerts` (`state`,`severity`,substr(`device_key`, 1, instr(`device_key`, ':') - 1),`raised_at`);--> statement-breakpoint
CREATE INDEX `devices_unassigned` ON `devices` (`key`) WHERE "devices"."dealer_id" IS NULL;--> statement-breakpoint
CREATE TABLE `device_counts` (
	`dealer_id` text NOT NULL,
	`source` text NOT NULL,
	`status` text NOT NULL,
	`devices` integer NOT NULL,
	PRIMARY KEY(`dealer_id`, `source`, `status`)
) WITHOUT ROWID;--> statement-breakpoint
CREATE TABLE `fill_progress` (
	`name` text PRIMARY KEY NOT NULL,
	`through` text NOT NULL
) WITHOUT ROWID;--> statement-breakpoint
CREATE TABLE `open_alert_counts` (
	`dealer_id` text NOT NULL,
	`raised_under` text NOT NULL,
	`source` text NOT NULL,
	`severity` text NOT NULL,
	`alerts` integer NOT NULL,
	PRIMARY KEY(`dealer_id`, `raised_under`, `source`, `severity`)
) WITHOUT ROWID;--> statement-breakpoint
-- The triggers below count the devices up to `through`; a Worker counts the others in steps, each of which moves it.
-- Where there is no device yet, there is nothing to count later: '~' is behind every key.
INSERT INTO fill_progress (name, through)
SELECT 'counts', CASE WHEN EXISTS (SELECT 1 FROM devices) THEN '' ELSE '~' END;--> statement-breakpoint
-- Each open alert with the dealer that has its device now, and the one that had it when the alert was raised.
CREATE VIEW open_alert_owners AS
SELECT device_key, alert_id, raised, raised_in,
  ifnull((SELECT dealer_id FROM devices WHERE key = device_key), '') AS dealer_id,
  ifnull((SELECT s.dealer_id FROM assignments s WHERE s.device_key = o.device_key AND s.version = o.raised_in), '') AS raised_under,
  substr(device_key, 1, instr(device_key, ':') - 1) AS source, severity
FROM (
  SELECT device_key, alert_id, severity, raised, (
    SELECT max(s.version) FROM assignments s WHERE s.device_key = r.device_key AND s.version <= r.raised
  ) AS raised_in
  FROM (
    SELECT device_key, alert_id, ifnull(severity, '') AS severity,
      raised_at || substr(alert ->> '$.details.version', instr(alert ->> '$.details.version', '/')) AS raised
    FROM alerts INDEXED BY open_alerts_by_device WHERE state = 'OPEN'
  ) AS r
) AS o;--> statement-breakpoint
-- What an older release writes during a deployment is counted too.
CREATE TRIGGER device_added_counted AFTER INSERT ON devices
WHEN new.key <= (SELECT through FROM fill_progress WHERE name = 'counts') BEGIN
  INSERT INTO device_counts (dealer_id, source, status, devices)
  VALUES (ifnull(new.dealer_id, ''), substr(new.key, 1, instr(new.key, ':') - 1), new.status, 1)
  ON CONFLICT (dealer_id, source, status) DO UPDATE SET devices = devices + excluded.devices;
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT '', raised_under, source, severity, -1 FROM open_alert_owners
  WHERE device_key = new.key AND new.dealer_id IS NOT NULL
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT new.dealer_id, raised_under, source, severity, 1 FROM open_alert_owners
  WHERE device_key = new.key AND new.dealer_id IS NOT NULL
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
END;--> statement-breakpoint
-- A device leaves one count and comes into another.
CREATE TRIGGER device_moved_counted AFTER UPDATE OF status, dealer_id ON devices
WHEN (old.status IS NOT new.status OR old.dealer_id IS NOT new.dealer_id)
  AND new.key <= (SELECT through FROM fill_progress WHERE name = 'counts') BEGIN
  INSERT INTO device_counts (dealer_id, source, status, devices)
  VALUES (ifnull(old.dealer_id, ''), substr(old.key, 1, instr(old.key, ':') - 1), old.status, -1)
  ON CONFLICT (dealer_id, source, status) DO UPDATE SET devices = devices + excluded.devices;
  INSERT INTO device_counts (dealer_id, source, status, devices)
  VALUES (ifnull(new.dealer_id, ''), substr(new.key, 1, instr(new.key, ':') - 1), new.status, 1)
  ON CONFLICT (dealer_id, source, status) DO UPDATE SET devices = devices + excluded.devices;
END;--> statement-breakpoint
CREATE TRIGGER device_handed_over_counted AFTER UPDATE OF dealer_id ON devices
WHEN old.dealer_id IS NOT new.dealer_id AND new.key <= (SELECT through FROM fill_progress WHERE name = 'counts') BEGIN
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT ifnull(old.dealer_id, ''), raised_under, source, severity, -1 FROM open_alert_owners
  WHERE device_key = new.key
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT ifnull(new.dealer_id, ''), raised_under, source, severity, 1 FROM open_alert_owners
  WHERE device_key = new.key
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
END;--> statement-breakpoint
CREATE TRIGGER device_removed_counted AFTER DELETE ON devices
WHEN old.key <= (SELECT through FROM fill_progress WHERE name = 'counts') BEGIN
  INSERT INTO device_counts (dealer_id, source, status, devices)
  VALUES (ifnull(old.dealer_id, ''), substr(old.key, 1, instr(old.key, ':') - 1), old.status, -1)
  ON CONFLICT (dealer_id, source, status) DO UPDATE SET devices = devices + excluded.devices;
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT old.dealer_id, raised_under, source, severity, -1 FROM open_alert_owners
  WHERE device_key = old.key AND old.dealer_id IS NOT NULL
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT '', raised_under, source, severity, 1 FROM open_alert_owners
  WHERE device_key = old.key AND old.dealer_id IS NOT NULL
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
END;--> statement-breakpoint
CREATE TRIGGER alert_added_counted AFTER INSERT ON alerts
WHEN new.state = 'OPEN' AND new.device_key <= (SELECT through FROM fill_progress WHERE name = 'counts') BEGIN
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT dealer_id, raised_under, source, severity, 1 FROM open_alert_owners
  WHERE device_key = new.device_key AND alert_id = new.alert_id
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
END;--> statement-breakpoint
CREATE TRIGGER alert_leaves_its_count BEFORE UPDATE OF alert, state, severity, raised_at ON alerts
WHEN old.state = 'OPEN' AND (old.state IS NOT new.state OR old.severity IS NOT new.severity OR old.raised_at IS NOT new.raised_at
  OR old.alert ->> '$.details.version' IS NOT new.alert ->> '$.details.version')
  AND old.device_key <= (SELECT through FROM fill_progress WHERE name = 'counts') BEGIN
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT dealer_id, raised_under, source, severity, -1 FROM open_alert_owners
  WHERE device_key = old.device_key AND alert_id = old.alert_id
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
END;--> statement-breakpoint
CREATE TRIGGER alert_comes_into_its_count AFTER UPDATE OF alert, state, severity, raised_at ON alerts
WHEN new.state = 'OPEN' AND (old.state IS NOT new.state OR old.severity IS NOT new.severity OR old.raised_at IS NOT new.raised_at
  OR old.alert ->> '$.details.version' IS NOT new.alert ->> '$.details.version')
  AND new.device_key <= (SELECT through FROM fill_progress WHERE name = 'counts') BEGIN
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT dealer_id, raised_under, source, severity, 1 FROM open_alert_owners
  WHERE device_key = new.device_key AND alert_id = new.alert_id
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
END;--> statement-breakpoint
CREATE TRIGGER alert_removed_counted BEFORE DELETE ON alerts
WHEN old.state = 'OPEN' AND old.device_key <= (SELECT through FROM fill_progress WHERE name = 'counts') BEGIN
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT dealer_id, raised_under, source, severity, -1 FROM open_alert_owners
  WHERE device_key = old.device_key AND alert_id = old.alert_id
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
END;--> statement-breakpoint
-- A late assignment changes who had the device when alerts were raised. One that repeats the dealer changes nothing.
CREATE TRIGGER assignment_added_counted AFTER INSERT ON assignments
WHEN new.dealer_id IS NOT (SELECT dealer_id FROM assignments WHERE device_key = new.device_key AND version < new.version ORDER BY version DESC LIMIT 1)
  AND new.device_key <= (SELECT through FROM fill_progress WHERE name = 'counts') BEGIN
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT dealer_id, ifnull((SELECT dealer_id FROM assignments WHERE device_key = new.device_key AND version < new.version ORDER BY version DESC LIMIT 1), ''), source, severity, -1 FROM open_alert_owners
  WHERE device_key = new.device_key AND raised_in = new.version
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT dealer_id, ifnull(new.dealer_id, ''), source, severity, 1 FROM open_alert_owners
  WHERE device_key = new.device_key AND raised_in = new.version
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
END;--> statement-breakpoint
CREATE TRIGGER assignment_changed_counted AFTER UPDATE OF dealer_id ON assignments
WHEN old.dealer_id IS NOT new.dealer_id AND new.device_key <= (SELECT through FROM fill_progress WHERE name = 'counts') BEGIN
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT dealer_id, ifnull(old.dealer_id, ''), source, severity, -1 FROM open_alert_owners
  WHERE device_key = new.device_key AND raised_in = new.version
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT dealer_id, ifnull(new.dealer_id, ''), source, severity, 1 FROM open_alert_owners
  WHERE device_key = new.device_key AND raised_in = new.version
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
END;--> statement-breakpoint
CREATE TRIGGER assignment_removed_counted AFTER DELETE ON assignments
WHEN old.dealer_id IS NOT (SELECT dealer_id FROM assignments WHERE device_key = old.device_key AND version < old.version ORDER BY version DESC LIMIT 1)
  AND old.device_key <= (SELECT through FROM fill_progress WHERE name = 'counts') BEGIN
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT dealer_id, ifnull(old.dealer_id, ''), source, severity, -1 FROM open_alert_owners
  WHERE device_key = old.device_key AND raised >= old.version AND raised_in IS (SELECT max(version) FROM assignments WHERE device_key = old.device_key AND version < old.version)
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
  INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
  SELECT dealer_id, ifnull((SELECT dealer_id FROM assignments WHERE device_key = old.device_key AND version < old.version ORDER BY version DESC LIMIT 1), ''), source, severity, 1 FROM open_alert_owners
  WHERE device_key = old.device_key AND raised >= old.version AND raised_in IS (SELECT max(version) FROM assignments WHERE device_key = old.device_key AND version < old.version)
  ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts;
END;
