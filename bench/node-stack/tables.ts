import { index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const devices = sqliteTable(
  "devices",
  {
    key: text().primaryKey(),
    status: text(),
    online: integer({ mode: "boolean" }),
    mode: text(),
    indoorTemperatureC: real(),
    reportedAt: text(),
    dealerId: text(),
    dealerSince: text(),
    customerId: text(),
    customerSince: text(),
  },
  (table) => [index("devices_by_status").on(table.status), index("devices_by_dealer").on(table.dealerId)],
);

export const dealers = sqliteTable("dealers", { id: text().primaryKey(), name: text().notNull() });

export const customers = sqliteTable("customers", { id: text().primaryKey(), name: text().notNull() });

export const alerts = sqliteTable(
  "alerts",
  {
    id: text().primaryKey(),
    deviceKey: text().notNull(),
    severity: text().notNull(),
    text: text().notNull(),
    raisedAt: text().notNull(),
  },
  (table) => [index("alerts_by_device").on(table.deviceKey)],
);

/** The same tables, for a new database. */
export const CREATE = `
  CREATE TABLE devices (
    key TEXT PRIMARY KEY, status TEXT, online INTEGER, mode TEXT, indoorTemperatureC REAL, reportedAt TEXT,
    dealerId TEXT, dealerSince TEXT, customerId TEXT, customerSince TEXT
  );
  CREATE INDEX devices_by_status ON devices (status);
  CREATE INDEX devices_by_dealer ON devices (dealerId);
  CREATE TABLE dealers (id TEXT PRIMARY KEY, name TEXT NOT NULL);
  CREATE TABLE customers (id TEXT PRIMARY KEY, name TEXT NOT NULL);
  CREATE TABLE alerts (
    id TEXT PRIMARY KEY, deviceKey TEXT NOT NULL, severity TEXT NOT NULL, text TEXT NOT NULL, raisedAt TEXT NOT NULL
  );
  CREATE INDEX alerts_by_device ON alerts (deviceKey);
`;
