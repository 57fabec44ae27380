import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Scope } from "../../../packages/sdk/src/auth.ts";
import type { DeviceKey } from "../../../packages/sdk/src/domain.ts";
import {
  isOwnDealer,
  keysetOf,
  many,
  OwnedRepository,
  one,
  scopedTable,
} from "../../../packages/sdk/src/repositories.ts";

/** A service's own tables in its own D1: the visits of technicians, and the parts that they take along. */
export const visits = sqliteTable(
  "visits",
  {
    id: text().primaryKey(),
    dealerId: text("dealer_id").notNull(),
    deviceKey: text("device_key").$type<DeviceKey>().notNull(),
    technician: text(),
    startsAtMs: integer("starts_at_ms").notNull(),
    isUrgent: integer("is_urgent", { mode: "boolean" }).notNull().default(false),
    bookedAt: integer("booked_at", { mode: "timestamp_ms" })
      .notNull()
      .$defaultFn(() => new Date(0)),
    state: text().$type<"planned" | "done">().notNull(),
    notes: text({ mode: "json" }).$type<readonly string[]>(),
  },
  (t) => [
    index("visits_by_dealer").on(t.dealerId, t.startsAtMs, t.id),
    index("visits_by_start").on(t.startsAtMs, t.id),
    index("visits_by_technician").on(t.technician, t.id),
    index("visits_by_device").on(t.deviceKey, t.id),
  ],
);

export const parts = sqliteTable(
  "visit_parts",
  {
    visitId: text("visit_id").notNull(),
    line: integer().notNull(),
    name: text().notNull(),
    pieces: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.visitId, t.line] })],
);

const ownVisit = (scope: Scope) => isOwnDealer(scope, visits.dealerId);

export const VISITS = scopedTable(visits, { key: ["id"], visibleTo: ownVisit, isLedByScope: true });

export const PARTS = scopedTable(parts, {
  key: ["visitId", "line"],
  visibleTo: (scope) => {
    const own = ownVisit(scope);
    return own && sql`EXISTS (SELECT 1 FROM ${visits} WHERE ${visits.id} = ${parts.visitId} AND ${own})`;
  },
});

export class VisitRepository extends OwnedRepository<typeof visits> {
  readonly rows = VISITS;
  readonly orders = {
    START: keysetOf(VISITS, "VISITS_BY_START", ["startsAtMs"]),
    TECHNICIAN: keysetOf(VISITS, "VISITS_BY_TECHNICIAN", ["technician"]),
  };
  readonly relations = {
    parts: many(PARTS, { id: "visitId" }),
    /** Also those of other dealers, which a dealer does not see. */
    onSameDevice: many(VISITS, { deviceKey: "deviceKey" }),
  };
}

export class PartRepository extends OwnedRepository<typeof parts> {
  readonly rows = PARTS;
  readonly orders = { KEY: keysetOf(PARTS, "PARTS", []) };
  readonly relations = { visit: one(VISITS, { visitId: "id" }) };
}

export const { OWN_DB } = env as unknown as { readonly OWN_DB: D1Database };

/** As `drizzle-kit generate` writes them, in the service's own migrations. */
const TABLES = [
  `CREATE TABLE visits (id text PRIMARY KEY NOT NULL, dealer_id text NOT NULL, device_key text NOT NULL, technician text,
    starts_at_ms integer NOT NULL, is_urgent integer DEFAULT false NOT NULL, booked_at integer NOT NULL,
    state text NOT NULL, notes text)`,
  "CREATE INDEX visits_by_dealer ON visits (dealer_id, starts_at_ms, id)",
  "CREATE INDEX visits_by_start ON visits (starts_at_ms, id)",
  "CREATE INDEX visits_by_technician ON visits (technician, id)",
  "CREATE INDEX visits_by_device ON visits (device_key, id)",
  `CREATE TABLE visit_parts (visit_id text NOT NULL, line integer NOT NULL, name text NOT NULL, pieces integer NOT NULL,
    PRIMARY KEY (visit_id, line))`,
];

export async function createOwnTables(): Promise<void> {
  await OWN_DB.batch(["visit_parts", "visits"].map((name) => OWN_DB.prepare(`DROP TABLE IF EXISTS ${name}`)));
  await OWN_DB.batch(TABLES.map((statement) => OWN_DB.prepare(statement)));
}
