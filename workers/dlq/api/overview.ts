import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import * as z from "zod";
import type { DeskEnv } from "../../../src/shared/desk/http/gate.ts";
import { readBy } from "../../../src/shared/desk/http/reading.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import { type DeskFigures, type FlowTick, HISTORY_RANGES } from "../../../src/shared/telemetry/overview.ts";
import { deskFiguresOf } from "../metrics/desk-figures.ts";
import { topicsOverviewOf } from "../metrics/overview.ts";
import { outcomesOf } from "../metrics/totals.ts";
import type { DeskDeps } from "./desk.ts";

/** How often the flow is told, and how often D1 is asked for the dead letters meanwhile. */
const TICK_MS = 1_000;
const DESK_EVERY_TICKS = 5;

/** A request's CPU time is bounded: a subscriber that stays longer comes back. */
const MAX_TICKS = 300;

const HistoryParameters = z.strictObject({
  range: z.enum(HISTORY_RANGES, `must be one of ${HISTORY_RANGES.join(", ")}`),
  /** A topic or a source. */
  name: z.string().max(200).optional(),
});

const UNKNOWN = JSON.stringify({
  code: "unavailable",
  message: "How things run is not known just now. What is shown is from before.",
});

/** How things run: now, by topic, and in all. */
export function overviewRoutes(deps: DeskDeps) {
  const { letters, metrics, now } = deps;
  const app = new Hono<DeskEnv>();

  app.get("/outcomes", async (c) => c.json(outcomesOf(await metrics.read())));
  app.get("/summary", async (c) => c.json({ deadLetters: await letters.summary() }));

  app.get("/topics", async (c) => {
    const [totals, times] = await Promise.all([metrics.read(), metrics.times()]);
    return c.json(topicsOverviewOf(totals, times, now()));
  });

  app.get("/history", async (c) => {
    const query = readBy(HistoryParameters, c.req.query(), "Nothing was read, because of the query");
    if (!query.ok) return query.response;
    return c.json(await metrics.history({ ...query.data, nowMs: now() }));
  });

  app.get("/flow", (c) =>
    streamSSE(c, async (stream) => {
      let desk: DeskFigures | null = null;
      const isOver = () => stream.aborted || now() >= c.var.expiresAtMs;
      for (let tick = 0; tick < MAX_TICKS && !isOver(); tick++) {
        try {
          if (tick % DESK_EVERY_TICKS === 0) desk = await deskFiguresOf(deps).catch(unknownDesk);
          await stream.writeSSE({ data: JSON.stringify(tickOf(await metrics.flow(), desk, now())) });
        } catch (thrown) {
          // What cannot be told now is told with the next tick; its reader is told so.
          log("warn", "flow.not_told", faultOf(thrown));
          await stream.writeSSE({ event: "unknown", data: UNKNOWN });
        }
        await stream.sleep(Math.min(TICK_MS, Math.max(0, c.var.expiresAtMs - now())));
      }
    }),
  );
  return app;
}

/** The flow itself does not need D1, and is told all the same. */
function unknownDesk(thrown: unknown): null {
  log("warn", "flow.desk_unknown", faultOf(thrown));
  return null;
}

type Flow = Awaited<ReturnType<DeskDeps["metrics"]["flow"]>>;

function tickOf({ totals, backlog }: Flow, desk: DeskFigures | null, atMs: number): FlowTick {
  const { accepted, replayed, applied, unchanged, duplicate, superseded, rejected, failed } = totals;
  const settled = applied + unchanged + duplicate + superseded + rejected + failed;
  return { atMs, totals, inFlight: accepted + replayed - settled, backlog, desk };
}
