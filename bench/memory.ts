import { readdirSync, readFileSync } from "node:fs";

/** How often a process is looked at. Its own peak is kept by the kernel, but ends with it. */
const LOOK_MS = 50;

/**
 * Watches what a process and those it started have in memory, by Linux' own count of resident pages.
 * @returns what tells the most so far, in MB, or `undefined` where there is no /proc
 */
export function watchMemory(pid: number): { readonly stop: () => number | undefined } {
  let peak: number | undefined;
  const timer = setInterval(() => {
    const kilobytes = treeOf(pid).reduce((sum, each) => sum + peakOf(each), 0);
    if (kilobytes > 0) peak = Math.max(peak ?? 0, (kilobytes * 1024) / 1e6);
  }, LOOK_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
}

function treeOf(pid: number): number[] {
  const children = read(`/proc/${pid}/task`, (folder) =>
    readdirSync(folder).flatMap((task) =>
      readFileSync(`${folder}/${task}/children`, "utf8").split(" ").filter(Boolean),
    ),
  );
  return [pid, ...(children ?? []).flatMap((child) => treeOf(Number(child)))];
}

const peakOf = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`, (file) => readFileSync(file, "utf8")) ?? "")?.[1] ?? 0);

/** A process may end in between. */
function read<T>(path: string, how: (path: string) => T): T | undefined {
  try {
    return how(path);
  } catch {
    return undefined;
  }
}
