import { parseArgs } from "node:util";
import { wholeNumber } from "../whole-number.ts";
import { serveApi } from "./api.ts";
import { LEGACY_PATHS, type Legacy, makeLegacy, writeLegacy } from "./legacy.ts";

const DEFAULTS = { seed: "1", devices: "400" };
const API_KEY = "da2-legacy";

const USAGE = `Stands in for the system that Concord replaces: a warehouse's unload, and an API like AppSync's over it.

  npm run legacy -- --out FOLDER [--seed N] [--devices N] [--serve PORT] [--now TIME]

  --out FOLDER  where the unload goes, with a mapping for \`concord backfill\`, a parity.yaml, and planted.json:
                the differences between unload and API
  --seed N      equal seeds give equal bytes (${DEFAULTS.seed})
  --devices N   devices in the fleet (${DEFAULTS.devices})
  --serve PORT  serve the API at http://127.0.0.1:PORT/graphql until Ctrl-C, with x-api-key: ${API_KEY}
  --now TIME    what time it is for the API, which shows the last of three batches a day (the time of the unload)
  --help        this page
`;

type Order = {
  readonly wish: { readonly seed: number; readonly devices: number };
  readonly out?: string | undefined;
  readonly port?: number | undefined;
  readonly nowMs?: number | undefined;
};

function readOrder(args: string[]): Order | "help" {
  const text = { type: "string" } as const;
  const options = { seed: text, devices: text, out: text, serve: text, now: text } as const;
  const { values } = parseArgs({ args, options: { ...options, help: { type: "boolean", short: "h" } } });
  if (values.help) return "help";
  if (values.out === undefined && values.serve === undefined) throw new Error("Give --out, --serve, or both.");
  const nowMs = values.now === undefined ? undefined : Date.parse(values.now);
  if (Number.isNaN(nowMs)) throw new Error(`--now takes a time such as 2026-10-31T12:00:00Z, not "${values.now}".`);
  return {
    wish: {
      seed: wholeNumber("--seed", values.seed ?? DEFAULTS.seed, { from: 0, to: 2 ** 32 - 1 }),
      devices: wholeNumber("--devices", values.devices ?? DEFAULTS.devices, { from: 1, to: 100_000 }),
    },
    out: values.out,
    port: values.serve === undefined ? undefined : wholeNumber("--serve", values.serve, { from: 0, to: 65_535 }),
    nowMs,
  };
}

async function main(): Promise<number> {
  let order: Order | "help";
  let legacy: Legacy;
  try {
    order = readOrder(process.argv.slice(2));
    if (order === "help") {
      console.log(USAGE);
      return 0;
    }
    legacy = makeLegacy(order.wish);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const { out, port, nowMs = legacy.unloadMs } = order;
  if (out !== undefined) {
    writeLegacy(out, legacy);
    const { devices, alerts, assignments } = legacy.unloaded;
    console.log(
      `${devices.length} devices, ${alerts.length} alerts and ${assignments.length} assignments are in ${out},`,
    );
    console.log(`as CSV in ${LEGACY_PATHS.csv} and as Parquet in ${LEGACY_PATHS.parquet}.`);
    console.log(`${legacy.planted.length} differences were planted: ${LEGACY_PATHS.planted} names them.`);
  }
  if (port !== undefined) {
    const { url } = await serveApi({ fleet: () => legacy.shownAt(nowMs), apiKey: API_KEY, port });
    console.log(`The old API answers at ${url} with x-api-key: ${API_KEY}`);
  }
  return 0;
}

process.exitCode = await main();
