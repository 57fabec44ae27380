import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/**
 * Begins to measure the memory of the local runtime.
 * @returns how many bytes its peak since then is above where it began, or `undefined` if the system cannot tell
 */
export function watchMemory(): () => number | undefined {
  const before = bytesIn("VmRSS");
  try {
    // Linux resets the peak: proc(5), clear_refs.
    for (const { pid } of runtimes()) writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    return () => undefined;
  }
  return () => {
    const peak = bytesIn("VmHWM");
    return before === undefined || peak === undefined ? undefined : peak - before;
  };
}

/**
 * CPU time of the local runtimes so far, which other tests on the machine do not affect; `undefined` if unavailable.
 */
export function cpuMs(): number | undefined {
  const ticks = runtimes().map(({ pid }) => {
    try {
      // proc(5): after the name, which is in brackets, utime and stime are the 12th and 13th fields.
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
      return Number(fields[11]) + Number(fields[12]);
    } catch {
      return 0;
    }
  });
  return ticks.length > 0 ? ticks.reduce((sum, each) => sum + each, 0) * MS_A_TICK : undefined;
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const MS_A_TICK = 10;

function bytesIn(field: "VmHWM" | "VmRSS"): number | undefined {
  const sizes = runtimes().map(
    ({ status }) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024,
  );
  return sizes.length > 0 ? Math.max(...sizes) : undefined;
}

function runtimes(): { readonly pid: string; readonly status: string }[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => ({ pid, status: statusOf(pid) }))
      .filter(
        ({ status }) => /^Name:\s+workerd/m.test(status) && new RegExp(`^PPid:\\s+${process.pid}$`, "m").test(status),
      );
  } catch {
    return [];
  }
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}
