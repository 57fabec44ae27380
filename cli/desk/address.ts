import { userInfo } from "node:os";
import { UsageError } from "../usage-error.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Where the platform is: what was said, else CONCORD_URL, else one's own machine. */
export function addressOf(given: string | undefined, env: Env): URL {
  const text = given ?? (env.CONCORD_URL || "http://127.0.0.1:8787");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--url or CONCORD_URL has to be as https://concord.example, not ${JSON.stringify(text)}`);
  return url;
}

/** On one's own machine the local secret signs for whoever sits there; everywhere else a token has to be given. */
export async function tokenFor({ hostname }: URL, env: Env): Promise<string> {
  const given = env.CONCORD_TOKEN?.trim();
  if (given) {
    // fetch would name it in its complaint.
    if (!/^[\x21-\x7e]+$/.test(given)) throw new UsageError("CONCORD_TOKEN holds what no token has: spaces, or worse");
    return given;
  }
  if (!["127.0.0.1", "localhost", "[::1]"].includes(hostname)) {
    throw new UsageError("CONCORD_TOKEN is not set; `concord token --role operator --as you@example.com` prints one");
  }
  // Signing takes a library that nobody needs who has a token.
  const [{ signDeskToken }, { LOCAL_TOKEN_SECRET }] = await Promise.all([
    import("../../src/shared/auth/desk-user.ts"),
    import("../../src/shared/auth/token.ts"),
  ]);
  return signDeskToken({ actor: whoSitsHere(), role: "admin" }, LOCAL_TOKEN_SECRET, "1h");
}

function whoSitsHere(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number without a name.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
