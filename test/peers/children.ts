import { type ChildProcessWithoutNullStreams, type SpawnOptionsWithoutStdio, spawn } from "node:child_process";

/** A program at work. */
export type Child = {
  readonly process: ChildProcessWithoutNullStreams;
  /** What it has said so far. */
  log(): string;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
};

const atWork = new Set<ChildProcessWithoutNullStreams>();

// Whatever ends this process, no broker stays behind.
process.once("exit", () => {
  for (const child of atWork) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

export function begin(program: string, args: readonly string[], options: SpawnOptionsWithoutStdio = {}): Child {
  const child = spawn(program, args, options);
  atWork.add(child);
  child.once("exit", () => atWork.delete(child));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  return { process: child, log: () => said, stop: () => end(child) };
}

async function end(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (!atWork.has(child)) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(timer);
}

/** Several programs, each begun by a call of `send`. */
export const together = (children: readonly Child[]): Pick<Child, "log" | "stop"> => ({
  log: () => children.map((child) => child.log()).join(""),
  stop: async () => {
    await Promise.all(children.map((child) => child.stop()));
  },
});

/** @throws Error with the end of what the program said */
export async function until(what: string, holds: () => Promise<boolean>, seconds: number, log?: () => string) {
  const deadline = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > deadline)
      throw new Error(`waited ${seconds} s in vain for ${what}\n${log?.().slice(-2000) ?? ""}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
