import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
// The local platform, which wrangler brings.
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { expect, it } from "vitest";
import { SHARD_NAMES } from "#telemetry/shards.ts";

const TOPIC = "device.elt.status.reported";

type Shard = { report(report: object): Promise<void>; read(): Promise<{ accepted: Record<string, number> }> };
type Namespace = { getByName(name: string): Shard };

/** A transfer leaves a namespace as it is and has another Worker's class serve it; the key is what a namespace is known by. */
it("Counts that the class wrote as the dlq Worker's are read by it as the metrics Worker's", async () => {
  const folder = await mkdtemp(join(tmpdir(), "concord-transfer-"));
  const { outputFiles } = await build({
    entryPoints: ["workers/metrics/index.ts"],
    external: ["cloudflare:workers"],
    ...{ bundle: true, format: "esm", target: "es2024", write: false },
  });
  const serving = async <T>(worker: string, act: (namespace: Namespace) => Promise<T>): Promise<T> => {
    const METRICS = { className: "MetricsObject", useSQLite: true, unsafeUniqueKey: "the namespace" };
    const options = convertV4MiniflareOptions({
      workers: [
        {
          name: "reporter",
          modules: true,
          script: "export default {}",
          durableObjects: { METRICS: { ...METRICS, scriptName: worker } },
        },
        {
          name: worker,
          modules: true,
          script: outputFiles[0]?.text ?? "",
          compatibilityDate: "2026-11-01",
          durableObjects: { METRICS },
        },
      ],
    });
    const platform = new Miniflare({ ...options, resourcePersistencePath: folder });
    try {
      return await act((await platform.getBindings<{ METRICS: Namespace }>("reporter")).METRICS);
    } finally {
      await platform.dispose();
    }
  };
  try {
    await serving("concord-dlq", async (namespace) => {
      for (const [i, name] of SHARD_NAMES.entries())
        await namespace.getByName(name).report({ accepted: { [TOPIC]: i + 1 } });
    });
    await serving("concord-metrics", async (namespace) => {
      for (const [i, name] of SHARD_NAMES.entries()) {
        await namespace.getByName(name).report({ accepted: { [TOPIC]: 10 } });
        expect((await namespace.getByName(name).read()).accepted).toEqual({ [TOPIC]: i + 11 });
      }
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
