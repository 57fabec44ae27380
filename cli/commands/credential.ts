import { createHash, randomBytes } from "node:crypto";
import { Credential } from "#auth/credential.ts";
import { SOURCES } from "#domain/sources.ts";
import { defineCommand } from "../command/command.ts";
import { UsageError } from "../command/usage-error.ts";
import { OFFERED_TOPICS } from "../ops/selection.ts";

/** Topics, and each source's as a whole. */
const OFFERED_GRANTS = async () => ["*", ...SOURCES.map((source) => `device.${source}.*`), ...(await OFFERED_TOPICS())];

export const credential = defineCommand({
  details:
    "Prints the client's secret, this once, and its entry for the Worker secret INGEST_CREDENTIALS.\n" +
    "The entry holds a hash of the secret, not the secret itself.",
  options: {
    id: { value: "id", summary: "Name of the client: letters, digits, _ and -" },
    may: {
      value: "topic",
      repeats: true,
      summary: 'What the client may publish: a topic, "device.elt.*", or "*"',
      offer: OFFERED_GRANTS,
    },
  },
  examples: ["concord credential --id elt-bridge --may 'device.elt.*'"],
  run: async ({ id, may }, { print, note }) => {
    if (!id || !may) throw new UsageError('--id and --may are required, as in: --id elt-bridge --may "device.elt.*"');
    const secret = randomBytes(32).toString("base64url");
    const created = Credential.safeParse(createCredential({ id, secret, may }));
    if (!created.success) {
      throw new UsageError(created.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; "));
    }
    note("The client's secret. It is not shown again. Sent as Basic id:secret or as Bearer id.secret:");
    print(`${id}:${secret}`);
    note("\nIts entry for the JSON list in INGEST_CREDENTIALS:");
    print(JSON.stringify(created.data));
  },
});

/** The entry of a credential in INGEST_CREDENTIALS: its hash, and the topics it may publish. */
export const createCredential = ({ id, secret, may }: { id: string; secret: string; may: readonly string[] }) => ({
  id,
  hash: createHash("sha256").update(`${id}:${secret}`).digest("hex"),
  may: [...may],
});
