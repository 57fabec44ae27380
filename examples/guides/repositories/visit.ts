import type { Scope } from "concord-sdk/auth";
import type { DeviceKey } from "concord-sdk/domain";
import {
  describeBadPage,
  isOwnDealer,
  keysetOf,
  many,
  type NewRow,
  OwnedRepository,
  parsePage,
  scopedTable,
} from "concord-sdk/repositories";
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const visits = sqliteTable(
  "visits",
  {
    id: text().primaryKey(),
    dealerId: text("dealer_id").notNull(),
    deviceKey: text("device_key").$type<DeviceKey>().notNull(),
    technician: text(),
    startsAtMs: integer("starts_at_ms").notNull(),
    state: text().$type<"planned" | "done">().notNull(),
  },
  (t) => [
    index("visits_by_dealer").on(t.dealerId, t.startsAtMs, t.id),
    index("visits_by_start").on(t.startsAtMs, t.id),
  ],
);

const ownVisit = (scope: Scope) => isOwnDealer(scope, visits.dealerId);
export const VISITS = scopedTable(visits, { key: ["id"], visibleTo: ownVisit, isLedByScope: true });

const parts = sqliteTable(
  "visit_parts",
  { visitId: text("visit_id").notNull(), line: integer().notNull(), name: text().notNull() },
  (t) => [primaryKey({ columns: [t.visitId, t.line] })],
);
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
  };
  readonly relations = {
    parts: many(PARTS, { id: "visitId" }),
  };
}

type Asked = { readonly scope: Scope; readonly cursor: string | null; readonly todayMs: number };

export async function bookAndList(
  env: { readonly OWN_DB: D1Database },
  visit: NewRow<VisitRepository, typeof visits>,
  { scope, cursor, todayMs }: Asked,
): Promise<Response> {
  const repository = new VisitRepository(env.OWN_DB);
  const parsed = parsePage({ first: 20, after: cursor }, repository.orders.START.cursor);
  if (!parsed.ok) return new Response(describeBadPage(parsed.problem), { status: 400 });
  const { written, refused } = await repository.upsert(scope, [visit]);
  const page = await repository.findPage(scope, parsed.page, {
    select: ["id", "technician"],
    where: { state: "planned", startsAtMs: { from: todayMs } },
    orderBy: "START",
    include: { parts: { select: ["name"], limit: 10 } },
  });
  return Response.json({ written, refused, visits: page.edges.map(({ node }) => node) });
}
