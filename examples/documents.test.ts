import { readdirSync, readFileSync } from "node:fs";
import { buildSchema, type DocumentNode, parse, validate } from "graphql";
import { expect, it } from "vitest";

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");

const schema = buildSchema(read("schema.graphql"));
const problemsOf = (document: DocumentNode) => validate(schema, document).map(({ message }) => message);

const inDocs = [...read("docs/graphql.md").matchAll(/^```graphql\n(.*?)^```/gms)].map(([, text]) => text as string);

it.each(inDocs)("A query in docs/graphql.md fits the schema: %s", (text) => {
  expect(problemsOf(parse(text))).toEqual([]);
});

it("Every code that an error of the API can have stands in docs/graphql.md", () => {
  // The schema's own codes are values of an enum, which it describes itself.
  const files = ["workers/api", "workers/devices", "src/shared/graphql"].flatMap((folder) =>
    readdirSync(new URL(`../${folder}`, import.meta.url), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.startsWith("schema"))
      .map((file) => `${folder}/${file}`),
  );
  const code = /(?:\bcode: |errorBody\(|liveError\(|requestError\(\d+, )"([A-Z_]+)"/g;
  const sources = files.map(read);
  const codes = new Set(sources.flatMap((text) => [...text.matchAll(code)].map(([, name]) => name)));
  const docs = read("docs/graphql.md");
  expect(codes.size).toBeGreaterThan(10);
  expect([...codes].filter((name) => !docs.includes(`\`${name}\``))).toEqual([]);
});

it.each(readdirSync(new URL("dashboard", import.meta.url)).filter((file) => file.endsWith(".graphql")))(
  "The dashboard's %s is one document, and fits the schema",
  (file) => {
    const document = parse(read(`examples/dashboard/${file}`));
    expect(document.definitions.filter(({ kind }) => kind === "OperationDefinition")).toHaveLength(1);
    expect(problemsOf(document)).toEqual([]);
  },
);
