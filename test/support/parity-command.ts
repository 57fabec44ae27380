import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Report } from "../../parity/report/schema.ts";
import { concord, type Surroundings } from "./fake-terminal.ts";
import { PARITY_YAML, startSide, worldOf } from "./parity-sides.ts";

type Call = Surroundings & { readonly yaml?: string };

/** Two sides with twelve devices that agree, and `concord parity` between them. */
export async function startParity() {
  const folder = mkdtempSync(join(tmpdir(), "concord-parity-"));
  const [oldWorld, newWorld] = [worldOf(12), worldOf(12)];
  const [old, newer] = await Promise.all([startSide("old", oldWorld), startSide("new", newWorld)]);

  function run(args: readonly string[] = [], { yaml = PARITY_YAML, ...surroundings }: Call = {}) {
    const config = join(folder, "parity.yaml");
    writeFileSync(config, yaml);
    const urls = ["--old-url", old.url, "--new-url", newer.url];
    return concord(["parity", "--config", config, ...urls, ...args], surroundings);
  }

  return {
    ...{ folder, oldWorld, newWorld, old, newer, run },
    json: async (args: readonly string[] = [], call?: Call) => {
      const ended = await run([...args, "--json"], call);
      return { ...ended, report: Report.parse(JSON.parse(ended.out)) };
    },
    stop: async () => {
      await Promise.all([old.stop(), newer.stop()]);
      rmSync(folder, { recursive: true });
    },
  };
}

export type ParityStub = Awaited<ReturnType<typeof startParity>>;

/** Calls back at each pause between two rounds, of a second or longer, and not where a side waits for its turn. */
export function onPause(act: (count: number, interrupt: () => void) => void): NonNullable<Surroundings["onSleep"]> {
  let count = 0;
  return (_, interrupt, ms) => {
    if (ms >= 1_000) act(count++, interrupt);
  };
}

/** Fields with a difference or an error: mismatches, missing in the old, missing in the new, errors. */
export const found = ({ fields }: Report) =>
  fields.flatMap(({ field, mismatch, missingOld, missingNew, error }) =>
    mismatch + missingOld + missingNew + error > 0 ? [[field, mismatch, missingOld, missingNew, error]] : [],
  );
