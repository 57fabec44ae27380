import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import * as z from "zod";
import { describeFault, log } from "#telemetry/log.ts";
import { type FlowTick, HISTORY_RANGES, type LetterFigures } from "#telemetry/overview.ts";
import { readLetterFigures } from "../metrics/letter-figures.ts";
import { toTopicsOverview } from "../metrics/overview.ts";
import { toOutcomes } from "../metrics/totals.ts";
import type { OpsDeps } from "./deps.ts";
import type { OpsEnv } from "./http/gate.ts";
import { parseInput } from "./http/reading.ts";

/** Interval of the ticks of the flow, and how many ticks share one read of the dead letters from D1. */
const TICK_MS = 1_000;
const LETTERS_EVERY_TICKS = 5;

/** Ticks of one stream. A request's CPU time is limited; a client that stays longer connects again. Ours. */
const MAX_TICKS = 300;

const HistoryParameters = z.strictObject({
  range: z.enum(HISTORY_RANGES, `must be one of ${HISTORY_RANGES.join(", ")}`),
  /** A topic or a source. */
  name: z.string().max(200).optional(),
});

const UNAVAILABLE = JSON.stringify({
  code: "unavailable",
  message: "The metrics do not answer. What is shown is older; the next tick tries again.",
});

/** The flow of events: live, by topic, over time and in total. */
export function overviewRoutes(deps: OpsDeps) {
  const { letters, metrics, now } = deps;
  const app = new Hono<OpsEnv>();

  app.get("/outcomes", async (c) => c.json(toOutcomes(await metrics.read())));
  app.get("/summary", async (c) => c.json({ deadLetters: await letters.summary() }));

  app.get("/topics", async (c) => {
    const [totals, times] = await Promise.all([metrics.read(), metrics.times()]);
    return c.json(toTopicsOverview(totals, times, now()));
  });

  app.get("/history", async (c) => {
    const query = parseInput(HistoryParameters, c.req.query(), "Nothing was read, because of the query");
    if (!query.ok) return query.response;
    return c.json(await metrics.history({ ...query.data, nowMs: now() }));
  });

  app.get("/flow", (c) =>
    streamSSE(c, async (stream) => {
      let deadLetters: LetterFigures | null = null;
      const isRevoked = async () => c.var.token !== null && (await deps.trust.isRevoked?.(c.var.token)) === true;
      const isOver = async () => stream.aborted || now() >= c.var.expiresAtMs || isRevoked();
      for (let tick = 0; tick < MAX_TICKS && !(await isOver()); tick++) {
        try {
          if (tick % LETTERS_EVERY_TICKS === 0) deadLetters = await readLetterFigures(deps).catch(unknownLetters);
          await stream.writeSSE({ data: JSON.stringify(toTick(await metrics.flow(), deadLetters, now())) });
        } catch (thrown) {
          // The next tick tries again; the client gets an event that says so.
          log("warn", "flow.not_told", describeFault(thrown));
          await stream.writeSSE({ event: "unknown", data: UNAVAILABLE });
        }
        await stream.sleep(Math.min(TICK_MS, Math.max(0, c.var.expiresAtMs - now())));
      }
    }),
  );
  return app;
}

/** The flow does not depend on D1, so its ticks go on without the dead letters. */
function unknownLetters(thrown: unknown): null {
  log("warn", "flow.dead_letters_unknown", describeFault(thrown));
  return null;
}

type Flow = Awaited<ReturnType<OpsDeps["metrics"]["flow"]>>;

function toTick({ totals, backlog }: Flow, deadLetters: LetterFigures | null, atMs: number): FlowTick {
  const { accepted, replayed, applied, unchanged, duplicate, superseded, rejected, failed } = totals;
  const settled = applied + unchanged + duplicate + superseded + rejected + failed;
  return { atMs, totals, inFlight: accepted + replayed - settled, backlog, deadLetters };
}
