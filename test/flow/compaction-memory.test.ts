import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterEach, expect, it } from "vitest";
import { ROOT } from "../../local/tool.ts";
import { DAY_BEGINS } from "../../workers/archive/files/compact-day.ts";
import { SERIES_BEGIN } from "../../workers/archive/series/series-of-day.ts";
import type { Asked } from "./stand-ins/compaction-steps.ts";

let platform: Miniflare | undefined;
afterEach(async () => {
  await platform?.dispose();
  platform = undefined;
});

/** The real runtime, whose engine ends it once the JavaScript heap of a Worker is larger than this. */
async function startWith(heapMb: number): Promise<(asked: Asked) => Promise<Record<string, unknown>>> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "test/flow/stand-ins/compaction-steps.ts")],
    ...{ bundle: true, format: "esm", target: "es2024", write: false, conditions: ["workerd", "browser"] },
  });
  const before = process.env.MINIFLARE_WORKERD_V8_FLAGS;
  process.env.MINIFLARE_WORKERD_V8_FLAGS = `--max-heap-size=${heapMb}`;
  try {
    platform = new Miniflare(
      convertV4MiniflareOptions({
        modules: true,
        script: outputFiles[0]?.text ?? "",
        compatibilityDate: "2026-11-01",
        r2Buckets: ["ARCHIVE"],
      }),
    );
    const url = await platform.ready;
    return async (asked) => {
      const response = await fetch(url, { method: "POST", body: JSON.stringify(asked) });
      const text = await response.text();
      if (!response.ok) throw new Error(`${response.status}: ${text.slice(0, 300)}`);
      return JSON.parse(text);
    };
  } finally {
    if (before === undefined) delete process.env.MINIFLARE_WORKERD_V8_FLAGS;
    else process.env.MINIFLARE_WORKERD_V8_FLAGS = before;
  }
}

/** Half of what a Worker has: the rest is for what is not in the heap, such as the bytes of files. */
const HEAP_MB = 64;

/**
 * A day of 13,500 reports of 700 characters, of which a third comes when those before and behind it are compacted, with
 * copies of others; and 4,000 that have ten times as much.
 */
async function compactLargeDay(ask: (asked: Asked) => Promise<Record<string, unknown>>): Promise<number> {
  let steps = 0;
  const write = async (from: number, to: number, headerLength = 0) => {
    for (let at = from; at < to; at += 500) await ask({ what: "write", from: at, count: 500, headerLength });
  };
  const toEnd = async (what: "files" | "series", begin: unknown) => {
    for (let place = begin; place !== null; steps++) ({ place } = await ask({ what, place } as Asked));
  };
  await write(0, 4_500);
  await write(9_000, 13_500);
  await toEnd("files", DAY_BEGINS);
  await write(4_500, 9_000);
  await write(0, 1_000);
  await write(13_500, 17_500, 8_000);
  await toEnd("files", DAY_BEGINS);
  await toEnd("series", SERIES_BEGIN);
  return steps;
}

it("The largest steps of a compaction and of its series fit half of a Worker's memory in the runtime itself", async () => {
  const ask = await startWith(HEAP_MB);
  expect(await compactLargeDay(ask)).toBeGreaterThan(12);
  // That the engine keeps to the limit.
  await expect(ask({ what: "hold", mb: 2 * HEAP_MB })).rejects.toThrow("fetch failed");
}, 240_000);
