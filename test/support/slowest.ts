import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";

const SHOWN = 10;

/** Prints the files that a run spent most of its time on. */
export class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length <= SHOWN) return;
    const files = modules
      .map((module) => {
        const { duration, setupDuration, collectDuration, prepareDuration } = module.diagnostic();
        const startMs = setupDuration + collectDuration + prepareDuration;
        return { file: relative(process.cwd(), module.moduleId), startMs, ms: duration + startMs };
      })
      .sort((a, b) => b.ms - a.ms);
    console.log(`\nThe slowest ${SHOWN} of ${files.length} files, with what it took to start them:`);
    for (const { file, ms, startMs } of files.slice(0, SHOWN)) {
      console.log(`${seconds(ms).padStart(8)}  ${seconds(startMs).padStart(8)}  ${file}`);
    }
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
