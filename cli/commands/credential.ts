import { createHash, randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { defineCommand } from "citty";
import { Credential } from "../../src/shared/auth/credential.ts";
import { UsageError } from "../usage-error.ts";

export const credential = defineCommand({
  meta: {
    name: "credential",
    description:
      "Makes a credential for a client that writes to ingest: prints the secret once, and the entry for the secret INGEST_CREDENTIALS, which holds only a hash.",
  },
  args: {
    id: { type: "string", description: "The client's name: letters, digits, _ and -" },
    may: { type: "string", description: 'What it may write: a topic, "device.elt.*", or "*"; repeat it' },
  },
  async run({ rawArgs }) {
    const { id, may } = readOptions(rawArgs);
    const secret = randomBytes(32).toString("base64url");
    const made = Credential.safeParse(credentialOf({ id, secret, may }));
    if (!made.success) {
      throw new UsageError(made.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; "));
    }
    console.error("The client's secret, shown this once (Basic id:secret, or Bearer id.secret):");
    console.log(`${id}:${secret}`);
    console.error("\nIts entry in the JSON list that INGEST_CREDENTIALS holds:");
    console.log(JSON.stringify(made.data));
  },
});

/** What a credential is kept as. */
export const credentialOf = ({ id, secret, may }: { id: string; secret: string; may: readonly string[] }) => ({
  id,
  hash: createHash("sha256").update(`${id}:${secret}`).digest("hex"),
  may: [...may],
});

function readOptions(rawArgs: string[]): { id: string; may: string[] } {
  try {
    const { values } = parseArgs({
      args: rawArgs,
      options: { id: { type: "string" }, may: { type: "string", multiple: true } },
    });
    if (!values.id || !values.may) throw new Error('say who and what: --id elt-bridge --may "device.elt.*"');
    return { id: values.id, may: values.may };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
