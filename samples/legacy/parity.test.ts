import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSchema, type DocumentNode, execute, parse } from "graphql";
import { afterAll, expect, it } from "vitest";
import { Report } from "../../parity/report/schema.ts";
import { concord } from "../../test/support/fake-terminal.ts";
import { eventsOf } from "../../test/support/unload-events.ts";
import { foldOracle, type OracleDevice, type OracleFleet } from "../oracle.ts";
import { serveApi } from "./api.ts";
import { LEGACY_PATHS, makeLegacy, writeLegacy } from "./legacy.ts";
import type { Planted } from "./plant.ts";

/** `npm run nightly` raises it to 10,000. */
const DEVICES = Number(process.env.PARITY_DEVICES ?? 120);

const SCHEMA = buildSchema(readFileSync("schema.graphql", "utf8"));
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** Concord's schema over a fold of events, without the platform that makes it one. */
const rootOf = (fleet: () => OracleFleet) => ({
  device: ({ key }: { key: string }) => {
    const device = fleet().get(key);
    return device ? { ...device, alerts: (page: Page) => alertsOf(device, page) } : null;
  },
});

type Page = { readonly first: number; readonly after?: string };

function alertsOf({ alerts }: OracleDevice, { first, after = "0" }: Page) {
  const to = Number(after) + first;
  const edges = alerts.slice(Number(after), to).map((node) => ({ node }));
  return { edges, pageInfo: { hasNextPage: to < alerts.length, endCursor: String(to) } };
}

async function serveFold(fleet: () => OracleFleet) {
  const documents = new Map<string, DocumentNode>();
  const rootValue = rootOf(fleet);
  const server = createServer(async (request, response) => {
    const { query, variables } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    const document = documents.get(query) ?? parse(query);
    documents.set(query, document);
    const answer = await execute({ schema: SCHEMA, document, rootValue, variableValues: variables });
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    stop: () => server.close().closeAllConnections(),
  };
}

const placesOf = (planted: readonly Planted[]) =>
  planted.flatMap(({ deviceId, fields }) => fields.map((field) => `${deviceId} ${field}`)).sort();

it.each([1, 2, 3])(
  `parity finds exactly the differences that were planted in ${DEVICES} devices, before and after they are mended (seed %i)`,
  async (seed) => {
    const legacy = makeLegacy({ seed, devices: DEVICES });
    const folder = mkdtempSync(join(tmpdir(), "concord-legacy-parity-"));
    folders.push(folder);
    writeLegacy(folder, legacy);
    const unloaded = await eventsOf(folder, "csv");
    let fleet = foldOracle(unloaded);
    const apiKey = "da2-test";
    const old = await serveApi({ fleet: () => legacy.shownAt(legacy.unloadMs), apiKey });
    const newer = await serveFold(() => fleet);

    async function compare() {
      const config = join(folder, LEGACY_PATHS.parity);
      const args = ["parity", "--config", config, "--old-url", old.url.href, "--new-url", newer.url, "--json"];
      const { code, out } = await concord(args, { env: { OLD_API_KEY: apiKey, CONCORD_TOKEN: "none" } });
      const { differences, items, totals, notCompared } = Report.parse(JSON.parse(out));
      expect([items.all, items.compared, notCompared]).toEqual([
        legacy.shownAt(legacy.unloadMs).size * 2,
        items.all,
        [],
      ]);
      expect([totals.error, totals.noise, totals.lagging, totals.moved]).toEqual([0, 0, 0, 0]);
      return { code, places: differences.map(({ id, field }) => `${id} ${field}`).sort() };
    }

    try {
      expect(await compare()).toEqual({ code: 4, places: placesOf(legacy.planted) });
      fleet = foldOracle([...unloaded, ...(await eventsOf(folder, "mended"))]);
      const left = legacy.planted.filter(({ wrong }) => wrong === "api");
      expect(await compare()).toEqual({ code: 4, places: placesOf(left) });
    } finally {
      await old.stop();
      newer.stop();
    }
  },
  60 * DEVICES + 60_000,
);
