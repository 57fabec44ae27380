import {
  type DocumentNode,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  OperationTypeNode,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";
import { documentIdOf, findProblems } from "./document-manifest.ts";

/** A document, the id that its client sends, and where it was found. */
export type ClientDocument = { readonly id: string; readonly text: string; readonly origin: string };

export type Read = { readonly documents: readonly ClientDocument[]; readonly problems: readonly string[] };

/** Folders, and which tool wrote the manifests in them; `files` are documents as they are. */
export const TrustSettings = z.array(
  z.strictObject({ folder: z.string().min(1), kind: z.enum(["files", "apollo", "relay", "codegen"]) }),
);
export type ManifestKind = z.output<typeof TrustSettings>[number]["kind"];

export const extensionOf = (kind: ManifestKind): string => (kind === "files" ? ".graphql" : ".json");

const ApolloManifest = z.looseObject({
  format: z.literal("apollo-persisted-query-manifest"),
  version: z.literal(1),
  operations: z.array(z.looseObject({ id: z.string().min(1), name: z.string(), body: z.string() })),
});

/** Relay's `persistConfig.file` and the client preset's `persisted-documents.json` are the same: text by id. */
const TextById = z.record(z.string().min(1), z.string());

/** Reads a file of a folder as what its kind says. What cannot be read is a problem, with the file's name. */
export function readClientFile(kind: ManifestKind, file: string, text: string): Read {
  if (kind === "files") return { documents: [{ id: documentIdOf(text), text, origin: file }], problems: [] };
  const json = parseJson(text);
  if (json === undefined) return refused(`${file}: this is not JSON.`);
  if (kind === "apollo") {
    const { data } = ApolloManifest.safeParse(json);
    if (!data) return refused(`${file}: ${NO_APOLLO}`);
    return read(data.operations.map(({ id, name, body }) => ({ id, text: body, origin: `${file} (${name})` })));
  }
  const { data } = TextById.safeParse(json);
  if (!data) return refused(`${file}: ${NO_TEXTS[kind]}`);
  return read(
    Object.entries(data).map(([id, body]) => ({ id, text: body, origin: `${file} (${nameIn(body) ?? id})` })),
  );
}

/**
 * The documents that the API would not run for a dealer, or not as their client means them; each problem names the file,
 * the document and the line.
 */
export function findClientProblems(kind: ManifestKind, { text, origin }: ClientDocument, schema: GraphQLSchema) {
  const problems = findProblems(text, schema);
  if (problems.length === 0 && kind === "apollo") problems.push(...findUncacheable(parse(text), schema));
  return problems.map((problem) => `${origin}:${problem}`);
}

/** Ids that stand for two texts: which of them a client gets would depend on the order of folders. */
export function findClashes(documents: readonly ClientDocument[]): string[] {
  const known = new Map<string, ClientDocument>();
  return documents.flatMap((document) => {
    const first = known.get(document.id) ?? document;
    known.set(document.id, first);
    if (first.text === document.text) return [];
    return `${document.origin}: the id ${document.id} stands for another text in ${first.origin}. Give one of the two documents another id.`;
  });
}

/** Text by id, sorted by id. Ids that are our own hash without its prefix get it, so that no text is there twice. */
export const manifestOf = (documents: readonly ClientDocument[]): Record<string, string> =>
  Object.fromEntries(
    documents
      .map(({ id, text }) => [documentIdOf(text) === `sha256:${id}` ? `sha256:${id}` : id, text])
      .toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
  );

/**
 * What Apollo's cache needs and the document leaves out. The cache adds `__typename` when it sends a text; when it sends
 * an id, the API runs the manifest's text, and an answer without `__typename` cannot be stored.
 */
function findUncacheable(document: DocumentNode, schema: GraphQLSchema): string[] {
  const found: string[] = [];
  const info = new TypeInfo(schema);
  const roots = Object.values(OperationTypeNode).map((operation) => schema.getRootType(operation));
  const selections = {
    SelectionSet(node: { selections: readonly object[]; loc?: { startToken: { line: number } } }) {
      const type = getNamedType(info.getType() ?? undefined);
      if (!type || roots.some((root) => root === type) || !(isObjectType(type) || isInterfaceType(type))) return;
      const names = (node.selections as { kind: string; name?: { value: string } }[]).map((each) =>
        each.kind === Kind.FIELD ? each.name?.value : each.kind,
      );
      // A fragment has its own selection set, which is checked where it stands.
      if (names.includes(Kind.FRAGMENT_SPREAD) || names.includes(Kind.INLINE_FRAGMENT)) return;
      const line = node.loc?.startToken.line ?? 1;
      if (!names.includes("__typename"))
        found.push(`${line}: ${type.name} is selected without \`__typename\`. ${NO_TYPENAME}`);
      const isNode = isObjectType(type) && type.getInterfaces().some(({ name }) => name === "Node");
      if (isNode && !names.includes("id")) found.push(`${line}: ${type.name} is selected without \`id\`. ${NO_ID}`);
    },
  };
  visit(document, visitWithTypeInfo(info, selections as Parameters<typeof visitWithTypeInfo>[1]));
  return found;
}

const read = (documents: readonly ClientDocument[]): Read => ({ documents, problems: [] });
const refused = (problem: string): Read => ({ documents: [], problems: [problem] });
const nameIn = (text: string): string | undefined => /(?:query|mutation|subscription)\s+(\w+)/.exec(text)?.[1];

const NO_APOLLO =
  'this is no manifest of Apollo: one has `format` "apollo-persisted-query-manifest", `version` 1 and `operations`. If it is an object of texts by id, its kind is relay or codegen.';
const NO_TEXTS = {
  relay:
    "this is no file of Relay's `persistConfig`: one is an object of texts by id. If it has `operations`, its kind is apollo.",
  codegen:
    "this is no persisted-documents.json of graphql-codegen: one is an object of texts by id. If it has `operations`, its kind is apollo.",
};
const NO_TYPENAME =
  "The API runs this text, so Apollo's cache could not store the answer: let generate-persisted-query-manifest write the manifest.";
const NO_ID = "Apollo's cache could not tell this entity from another: add `id`.";
