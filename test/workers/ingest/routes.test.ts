import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { routes } from "../../../workers/ingest/routes.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { BASIC } from "./harness.ts";

const METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"] as const;

async function ask(method: string, path: string): Promise<Response> {
  const request = new Request(`https://concord.example${path}`, {
    method,
    headers: { Authorization: BASIC, "Content-Type": "application/json" },
    ...(!["GET", "HEAD", "OPTIONS"].includes(method) && { body: "{}" }),
  });
  const ctx = createExecutionContext();
  const response = await routes.fetch(request, { ...env, EVENTS: new FakeQueue(), DEAD_LETTERS: new FakeQueue() }, ctx);
  const text = await response.text();
  await waitOnExecutionContext(ctx);
  return new Response(text || null, response);
}

const PARAMETERS: Readonly<Record<string, string>> = {
  topic: "device.elt.dealer.assigned",
  partition: "3",
  cluster: "concord",
};

/** Paths of a route, with a value for each of its parameters. */
const pathsOf = (route: string): string[] => {
  const path = route.replace(/:(\w+)(?=\/|$)/g, (_, name) => PARAMETERS[name] as string);
  return path.includes("{")
    ? ["records", "records:batch", "records%3Abatch"].map((last) => path.replace(/:\w+\{.*/, last))
    : [path];
};

/** The route table: each path, and the methods that it has a handler for. Health checks share `/ingest/` with topics. */
const table = Map.groupBy(
  routes.routes
    .filter(({ method, path }) => method !== "ALL" && !/^\/ingest\/(healthz|readyz)$/.test(path))
    .flatMap(({ method, path }) => pathsOf(path).map((one) => ({ method, one }))),
  ({ one }) => one,
);

describe.each([...table].map(([path, handlers]) => [path, handlers.map(({ method }) => method)] as const))(
  "%s",
  (path, own) => {
    const allowed = [...new Set([...own, ...(own.includes("GET") ? ["HEAD"] : []), "OPTIONS"])].sort();

    it.each(METHODS)("answers %s as HTTP says, with and without a slash behind it", async (method) => {
      const [answer, slashed] = [await ask(method, path), await ask(method, `${path}/`)];
      expect(slashed.status).toBe(answer.status);
      const allow = answer.headers.get("Allow")?.split(", ").sort();
      if (method === "OPTIONS") {
        expect([answer.status, allow, await answer.text()]).toEqual([204, allowed, ""]);
      } else if (allowed.includes(method)) {
        expect([404, 405]).not.toContain(answer.status);
        if (method === "HEAD") {
          expect([answer.status, await answer.text()]).toEqual([(await ask("GET", path)).status, ""]);
        }
      } else {
        expect([answer.status, allow]).toEqual([405, allowed]);
        if (method === "HEAD") expect(await answer.text()).toBe("");
        else
          expect(await answer.json()).toEqual({
            error_code: 405,
            message: expect.stringMatching(/Method Not Allowed/),
          });
      }
    });
  },
);

it("The route table has every path that OpenAPI describes, by the same methods", async () => {
  const { paths } = (await (await ask("GET", "/openapi.json")).json()) as {
    paths: Record<string, Record<string, object>>;
  };
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((name) => name !== "parameters")
      .map(
        (method) =>
          `${method.toUpperCase()} ${path.replace(/\{cluster_id\}/, "{cluster}").replace(/\{(\w+)\}/g, (_, name) => PARAMETERS[name] as string)}`,
      ),
  );
  const served = [...table].flatMap(([path, handlers]) => handlers.map(({ method }) => `${method} ${path}`));
  const undescribed = served.filter((route) => !described.includes(route));
  expect(described.filter((route) => !served.includes(route))).toEqual([]);
  expect(undescribed.filter((route) => !/\/kafka\/v3|%3A|(?:healthz|readyz|openapi.json)$/.test(route))).toEqual([]);
});
