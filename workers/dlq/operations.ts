import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { authenticate } from "../../src/shared/auth/token.ts";
import type { DeadLetterRepository } from "../../src/shared/repositories/dead-letter.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { errorResponse } from "./error.ts";
import { EXPOSITION_TYPE, expositionOf } from "./exposition.ts";
import { letterJsonOf } from "./letter-json.ts";
import { cursorOf, parseLetterQuery } from "./letter-query.ts";
import { type ReplayDeps, replay } from "./replay.ts";
import { type MetricsTotals, outcomesOf } from "./totals.ts";

export type OperationsDeps = ReplayDeps & {
  readonly letters: Pick<DeadLetterRepository, "find" | "list" | "summary">;
  readonly metrics: { read(): Promise<MetricsTotals> };
  readonly tokenSecret: string;
};

const INDEX = {
  name: "concord operations",
  endpoints: {
    deadLetters: "GET /ops/api/dead-letters{?state,topic,reason,first,after}",
    deadLetter: "GET /ops/api/dead-letters/{id}",
    replay: "POST /ops/api/dead-letters/{id}/replay",
    summary: "GET /ops/api/summary",
    outcomes: "GET /ops/api/outcomes",
    metrics: "GET /ops/metrics",
    health: "GET /ops/healthz",
  },
};

/** What operators and their scrapers ask of us over HTTP. All but the index and the health check wants an ops token. */
export function operations(deps: OperationsDeps): Hono {
  const { letters, metrics } = deps;
  const app = new Hono();
  app.use(noStore);
  app.onError((thrown) => {
    log("error", "operations.failed", faultOf(thrown));
    return errorResponse("internal", "Something failed on our side. No letter was lost; try again in a moment.");
  });
  app.notFound(({ req }) =>
    errorResponse("not_found", `There is no ${req.method} ${req.path}; GET /ops lists what is.`),
  );

  app.get("/ops", (c) => c.json(INDEX));
  app.get("/ops/healthz", (c) => c.json({ status: "ok" }));

  app.use("/ops/api/*", opsOnly(deps));
  app.use("/ops/metrics", opsOnly(deps));

  app.get("/ops/metrics", async (c) =>
    c.body(expositionOf(await metrics.read()), { headers: { "Content-Type": EXPOSITION_TYPE } }),
  );
  app.get("/ops/api/outcomes", async (c) => c.json(outcomesOf(await metrics.read())));
  app.get("/ops/api/summary", async (c) => c.json({ deadLetters: await letters.summary() }));

  app.get("/ops/api/dead-letters", async (c) => {
    const query = parseLetterQuery(c.req.query());
    if (!query.ok) return errorResponse("invalid_parameter", query.message, { parameters: query.parameters });
    const page = await letters.list(query.filter);
    return c.json({ deadLetters: page.letters.map(letterJsonOf), nextCursor: page.next && cursorOf(page.next) });
  });

  app.get("/ops/api/dead-letters/:id", async (c) => {
    const letter = await letters.find(c.req.param("id"));
    return letter ? c.json(letterJsonOf(letter)) : unknownLetter();
  });

  app.post("/ops/api/dead-letters/:id/replay", async (c) => {
    const replayed = await replay(deps, c.req.param("id"));
    switch (replayed.kind) {
      case "sent":
        return c.json(letterJsonOf(replayed.letter), 202);
      case "unknown":
        return unknownLetter();
      case "too_large":
        return errorResponse(
          "not_replayable",
          "The record is larger than the consumer takes. It is kept as it was; have its producer send it smaller.",
        );
      case "already_replaying":
        return errorResponse(
          "already_replaying",
          "The letter is being replayed and nothing was sent again. Wait for its outcome; if none comes back, replay it 5 minutes after the last time.",
        );
      case "not_sent":
        return errorResponse(
          "queue_unavailable",
          "The record could not be sent to the consumer. The letter is kept as it was; try again in a moment, or in 5 minutes if it shows as replaying.",
        );
      default:
        return replayed satisfies never;
    }
  });
  return app;
}

const unknownLetter = () =>
  errorResponse("not_found", "There is no dead letter of this id. GET /ops/api/dead-letters lists those there are.");

const noStore = createMiddleware(async (c, next) => {
  await next();
  c.header("Cache-Control", "no-store");
});

const opsOnly = ({ tokenSecret }: OperationsDeps) =>
  createMiddleware(async (c, next) => {
    const authentication = await authenticate(c.req.header("Authorization") ?? null, tokenSecret);
    if (!authentication.ok) return errorResponse("unauthenticated", authentication.message);
    if (authentication.scope.role === "ops") return next();
    return errorResponse(
      "forbidden",
      `The operations API wants a token of role ops, not ${authentication.scope.role}.`,
    );
  });
