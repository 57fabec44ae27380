import { run } from "../../local/tool.ts";

/** The same for all Workers of a deployment, so that a dead letter's Worker version can be compared with any of them. */
export function readRelease(): string {
  return process.env.CONCORD_RELEASE ?? readCommit() ?? new Date().toISOString();
}

function readCommit(): string | undefined {
  // Not every machine that deploys has git, or the history.
  try {
    const { status, stdout } = run("git", ["describe", "--always", "--dirty"]);
    return status === 0 ? stdout.trim() : undefined;
  } catch {
    return undefined;
  }
}
