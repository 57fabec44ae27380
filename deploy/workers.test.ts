import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { inOrder, LATE_BINDINGS, readWorkers } from "./workers.ts";

it("Workers come after those that they bind to", () => {
  const workers = [
    { name: "door", bindsTo: ["api", "kept by somebody else"] },
    { name: "api", bindsTo: ["objects"] },
    { name: "objects", bindsTo: [] },
  ];
  expect(inOrder(workers).map(({ name }) => name)).toEqual(["objects", "api", "door"]);
});

it("Workers that bind to each other have no order, and are named", () => {
  const workers = [
    { name: "a", bindsTo: ["b"] },
    { name: "b", bindsTo: ["a"] },
    { name: "c", bindsTo: [] },
  ];
  expect(() => inOrder(workers)).toThrow("a, b bind to each other");
});

it("a binding that comes late is declared, closes a cycle, and goes to what the placeholder exports", () => {
  const workers = readWorkers("staging");
  const late = workers.flatMap((worker) => worker.late.map((each) => ({ folder: worker.folder, ...each })));
  expect(late).toEqual([
    {
      ...{ folder: "workers/devices", binding: "OPERATIONS" },
      ...{ to: "concord-api-staging", entrypoint: "OperationsService" },
    },
  ]);
  expect(late.map(({ folder, binding }) => [folder, [binding]])).toEqual(Object.entries(LATE_BINDINGS));
  const placeholder = readFileSync("workers/placeholder/index.ts", "utf8");
  for (const { folder, to, entrypoint } of late) {
    const early = workers.map((each) => (each.folder === folder ? { ...each, bindsTo: [...each.bindsTo, to] } : each));
    expect(() => inOrder(early)).toThrow("bind to each other");
    expect(placeholder).toContain(`export class ${entrypoint} extends WorkerEntrypoint`);
  }
});

it("an environment's Workers are read from their configs, the metrics Worker first and the front door last", () => {
  const workers = readWorkers("staging");
  expect(workers.map(({ folder }) => folder)).toEqual([
    ...["workers/metrics", "workers/devices", "workers/archive", "workers/dlq", "workers/ingest", "workers/api", "."],
  ]);
  const ingest = workers.find(({ folder }) => folder === "workers/ingest");
  expect(ingest).toMatchObject({ name: "concord-ingest-staging", hasTriggers: true });
  expect(ingest?.databases).toEqual([{ binding: "DB", name: "concord-staging" }]);
  expect(ingest?.queues).toContain("concord-dead-letters-staging");
  expect(workers.filter(({ hasTriggers }) => !hasTriggers).map(({ folder }) => folder)).toEqual([
    ...["workers/metrics", "workers/devices", "workers/api"],
  ]);
});

it("settings hold no path of this machine", () => {
  for (const { settings } of readWorkers("staging")) expect(settings).not.toContain(process.cwd());
});
