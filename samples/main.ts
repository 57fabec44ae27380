import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { exampleRecords } from "./examples.ts";
import { DEFAULT_WISH, generate, type Wish } from "./generate.ts";
import { wholeNumber } from "./whole-number.ts";

const USAGE = `Writes sample events as NDJSON, one record a line.

  npm run samples -- [--seed N] [--devices N] [--events N] [--out FILE]

  --seed N     equal seeds give equal bytes (${DEFAULT_WISH.seed})
  --devices N  devices in the fleet (${DEFAULT_WISH.devices})
  --events N   records to write, duplicates and faulty ones among them (${DEFAULT_WISH.events})
  --out FILE   where to; without it, standard output
  --help       this page

Of a source whose year is not told here, the examples of its contracts come after them.
`;

type Order = { readonly wish: Wish; readonly out?: string };

function readOrder(args: string[]): Order | "help" {
  const text = { type: "string" } as const;
  const options = {
    seed: text,
    devices: text,
    events: text,
    out: text,
    help: { type: "boolean", short: "h" },
  } as const;
  const { values } = parseArgs({ args, options });
  if (values.help) return "help";
  const wish = {
    seed: wholeNumber("--seed", values.seed ?? `${DEFAULT_WISH.seed}`, { from: 0, to: 2 ** 32 - 1 }),
    devices: wholeNumber("--devices", values.devices ?? `${DEFAULT_WISH.devices}`, { from: 1, to: 1_000_000 }),
    events: wholeNumber("--events", values.events ?? `${DEFAULT_WISH.events}`, { from: 1, to: 5_000_000 }),
  };
  return values.out === undefined ? { wish } : { wish, out: values.out };
}

async function main(): Promise<number> {
  let order: Order | "help";
  try {
    order = readOrder(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (order === "help") {
    console.log(USAGE);
    return 0;
  }
  const lines = [...generate(order.wish), ...exampleRecords()].map((record) => `${JSON.stringify(record)}\n`);
  try {
    await pipeline(Readable.from(lines), order.out === undefined ? process.stdout : createWriteStream(order.out));
    return 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return 0; // The reader has seen enough, as `head` does.
    console.error(`Could not write the samples: ${(error as Error).message}`);
    return 1;
  }
}

process.exitCode = await main();
