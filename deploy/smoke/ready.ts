import { brief, type FrontDoor } from "./front-door.ts";
import { SmokeProblem } from "./problem.ts";

type Readiness = { readonly status: string; readonly checks?: Readonly<Record<string, string>> };

/** The Workers behind the front door. */
const WORKERS = ["ingest", "api", "live", "dlq", "metrics"] as const;

/** @throws SmokeProblem that names the Workers that are not ready, and what each misses */
export async function seeAllReady(door: FrontDoor): Promise<void> {
  const { status, body } = await door.ask({ path: "/readyz" });
  const { workers } = body as { workers?: Readonly<Record<string, Readiness | undefined>> };
  if (!workers) {
    throw new SmokeProblem(
      `GET /readyz was answered ${status} ${brief(body)}, which is no answer of the front door. Look at the address and at what stands in front of it.`,
    );
  }
  const waiting = WORKERS.filter((name) => workers[name]?.status !== "ready");
  if (status === 200 && waiting.length === 0) return;
  const said = waiting.map((name) => `${name} says ${brief(workers[name]?.checks ?? workers[name] ?? "nothing")}`);
  throw new SmokeProblem(
    `GET /readyz was answered ${status}: ${said.join("; ")}. Nothing was sent. Look at that Worker.`,
  );
}
