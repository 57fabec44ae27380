import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GraphQLTaggedNode } from "relay-runtime";
import { ROOT, toolPath } from "../../local/tool.ts";
import { TEXTS } from "./documents.ts";

let compiled: Promise<ReadonlyMap<string, GraphQLTaggedNode>> | undefined;

/** What relay-compiler makes of the documents, by their names, with the texts in them. */
export const compileForRelay = () => (compiled ??= compile());

async function compile(): Promise<ReadonlyMap<string, GraphQLTaggedNode>> {
  const folder = mkdtempSync(join(tmpdir(), "concord-relay-"));
  try {
    mkdirSync(join(folder, "artifacts"));
    const tagged = Object.values(TEXTS).map((text) => `graphql\`${text}\`;`);
    writeFileSync(join(folder, "Matrix.js"), `import { graphql } from "relay-runtime";\n${tagged.join("\n")}\n`);
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "schema.graphql"), readFileSync(join(ROOT, "schema.graphql")));
    const config = {
      src: ".",
      schema: "schema.graphql",
      language: "javascript",
      artifactDirectory: "artifacts",
      eagerEsModules: true,
    };
    writeFileSync(join(folder, "relay.config.json"), JSON.stringify(config));
    execFileSync(process.execPath, [toolPath("relay-compiler"), "relay.config.json"], {
      cwd: folder,
      encoding: "utf8",
    });
    const files = readdirSync(join(folder, "artifacts"));
    return new Map(
      await Promise.all(
        files.map(async (file) => {
          const { default: node } = (await import(join(folder, "artifacts", file))) as { default: GraphQLTaggedNode };
          return [file.split(".")[0] ?? file, node] as const;
        }),
      ),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
