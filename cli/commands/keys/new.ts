import { existsSync, writeFileSync } from "node:fs";
import { ZodError } from "zod";
import { newTokenKey } from "#auth/new-key.ts";
import { DEFAULT_MAX_LIFE } from "#auth/token-keys.ts";
import { TOKEN_ROLES, type TokenRole } from "#auth/token-role.ts";
import { defineCommand } from "../../command/command.ts";
import { UsageError } from "../../command/usage-error.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { gitSees } from "../../files/git-sees.ts";

export const newKey = defineCommand({
  details:
    "Prints the public entry for the list in [settings] TOKEN_KEYS of environments/{name}.toml. The private half\n" +
    "goes to a file that only you can read; `concord token` signs with it where CONCORD_TOKEN_KEY names it.",
  options: {
    may: { value: "roles", repeats: true, offer: TOKEN_ROLES, summary: "Roles that it may sign, separated by commas" },
    "max-life": { value: "span", summary: `How long its tokens may live: 1m to 366d (default ${DEFAULT_MAX_LIFE})` },
    kid: { value: "name", summary: "The key's name (default: its roles and the day)" },
    out: { value: "file", summary: "File for the private half; it must not exist, and git must not see it" },
    print: { summary: "Print the private half instead, for a secret store" },
  },
  examples: [
    "concord keys new --may dealer --out ~/concord-dealer.jwk",
    "concord keys new --may operator,admin --max-life 12h --print",
  ],
  run: async ({ may = [], "max-life": maxLife, kid, out, print: toOutput }, { print, note }) => {
    const roles = may.flatMap((list) => list.split(",")).filter((role) => role !== "");
    if (roles.length === 0) throw new UsageError(`--may is required: one or more of ${TOKEN_ROLES.join(", ")}`);
    if ((out === undefined) === (toOutput === undefined)) {
      throw new UsageError("say where the private half goes: to a file by --out, or to the output by --print");
    }
    if (out !== undefined) refuseOpen(out);
    const { entry, signingKey } = await made({ roles, maxLife, kid });
    if (out !== undefined) writeFileSync(out, `${signingKey}\n`, { mode: 0o600, flag: "wx" });
    note(`Its public entry, for the list in environments/{name}.toml: TOKEN_KEYS = '{"keys":[ the entry ]}'`);
    print(JSON.stringify(entry));
    if (out === undefined) {
      note("\nIts private half. It is not shown again:");
      return print(signingKey);
    }
    note(`\nIts private half is in ${out}, for you alone. To sign with it: CONCORD_TOKEN_KEY=${out} concord token`);
  },
});

function refuseOpen(out: string): void {
  if (existsSync(out)) throw new ExitError(EXIT.conflict, `${out} exists, so no key was made: name another file`);
  if (gitSees(out)) {
    throw new UsageError(`git would see ${out}, so no key was made: name a file outside of the repository`);
  }
}

type Wanted = { readonly roles: string[]; readonly maxLife: string | undefined; readonly kid: string | undefined };

async function made({ roles, maxLife, kid }: Wanted) {
  try {
    return await newTokenKey({
      may: [...new Set(roles)] as TokenRole[],
      ...(maxLife !== undefined && { maxLife }),
      ...(kid !== undefined && { kid }),
    });
  } catch (thrown) {
    if (!(thrown instanceof ZodError)) throw thrown;
    const options: Readonly<Record<string, string>> = { maxLife: "--max-life", kid: "--kid", may: "--may" };
    throw new UsageError(
      thrown.issues.map(({ path, message }) => `${options[String(path[0])] ?? path.join(".")} ${message}`).join("; "),
    );
  }
}
