import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Built, build, lastLine, tool } from "../build.ts";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

let built: Promise<Built> | undefined;

/**
 * Builds Benthos from Go's module proxy. It takes two minutes of one core the first time, and is then in the cache.
 * @throws Error where main.go does not compile
 */
export function benthos(): Promise<Built> {
  built ??= build("benthos", ["main.go", "go.sum"].map(here), async (folder) => {
    const deadline = Date.now() + 180_000;
    const options = () => ({ cwd: here("."), seconds: (deadline - Date.now()) / 1000 });
    const fetched = await tool("go", ["mod", "download"], options());
    if (fetched.code === "missing") return "It is built with Go, which is not here (https://go.dev/dl).";
    if (fetched.code !== 0) return `Go could not fetch its modules: ${lastLine(fetched.said)}`;
    const flags = ["-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags=-s -w"];
    const compiled = await tool("go", ["build", ...flags, "-o", join(folder, "redpanda-connect"), "."], options());
    if (compiled.code === "late") return "It was not built in 180 s; Go keeps what it has built for the next run.";
    if (compiled.code !== 0) throw new Error(`test/peers/benthos does not compile: ${compiled.said}`);
    return undefined;
  });
  return built;
}
