import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { ROOT } from "../../../local/tool.ts";
import { type ClientUnderTest, lacks } from "../client.ts";
import { TEXTS } from "../documents.ts";
import { FEATURES, type Feature } from "../features.ts";
import { DEALER } from "../stand.ts";

const ASKS_NOTHING = (Object.keys(FEATURES) as Feature[]).filter((each) => each !== "schema") as Exclude<
  Feature,
  "schema"
>[];

/** Runs its command in an empty folder, with the client preset. @returns the types that it has written */
async function generate(schema: unknown): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "concord-codegen-"));
  try {
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "documents.graphql"), Object.values(TEXTS).join("\n"));
    const generates = { "gql/": { preset: "client" } };
    const config = { schema, documents: "documents.graphql", generates };
    writeFileSync(join(folder, "codegen.json"), JSON.stringify(config));
    const command = join(ROOT, "node_modules/@graphql-codegen/cli/cjs/bin.js");
    await promisify(execFile)(process.execPath, [command, "--config", "codegen.json"], { cwd: folder }).catch(
      ({ stdout, stderr }) => expect.unreachable(`${stdout}\n${stderr}`),
    );
    return readFileSync(join(folder, "gql/graphql.ts"), "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export default {
  name: "graphql-codegen",
  packages: ["@graphql-codegen/cli", "@graphql-codegen/client-preset"],
  cells: {
    ...lacks("it asks for nothing but the schema", ...ASKS_NOTHING),
    schema: async ({ url, graphqlUrl, token }) => {
      const headers = { Authorization: `Bearer ${await token(DEALER)}` };
      const types = await generate({ [graphqlUrl]: { headers } });
      expect(types).toMatch(/export type MatrixSetDesiredMutation\w* = .*setDesiredState/s);
      // The same from the text of the schema, for which it needs no token.
      expect(await generate(new URL("/schema.graphql", url).href)).toBe(types);
    },
  },
} satisfies ClientUnderTest as ClientUnderTest;
