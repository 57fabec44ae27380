import { dirname, resolve } from "node:path";
import { isAlias, isMap, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { nearest } from "../../cli/command/nearest.ts";
import type { Given, Reading } from "./given.ts";
import { GROUPS, LEAVES, type Leaf, memberOf } from "./leaves.ts";
import { readSecretFile } from "./secret-file.ts";

/** Settings from a file in YAML. A secret is named by its file: `credentialFile`. */
export function readYamlFile(path: string, text: string): Reading {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number | undefined) =>
    offset === undefined ? path : `${path}:${lines.linePos(offset).line}`;
  const given = new Map<string, Given>();
  const problems = [...document.errors, ...document.warnings].map(
    ({ pos, message }) => `${placeAt(pos[0])}: ${message}`,
  );
  if (document.errors.length > 0) return { given, problems };

  const readGroup = (node: unknown, group: string | undefined, place: string): void => {
    const content = isAlias(node) ? node.resolve(document) : node;
    // A group or a file without members, all of them comments.
    if (content === null || content === undefined || (isScalar(content) && content.value === null)) return;
    if (!isMap(content)) {
      const what = group === undefined ? "it" : group;
      problems.push(`${place}: ${what} has to be members and their values, as \`group: concord-bridge\``);
      return;
    }
    for (const { key, value } of content.items) {
      const member = String(isScalar(key) ? key.value : key);
      const at = placeAt((key as Node | null)?.range?.[0]);
      if (group === undefined && GROUPS.includes(member)) readGroup(value, member, at);
      else readMember(group === undefined ? member : `${group}.${member}`, value as Node | null, at);
    }
  };
  const readMember = (name: string, node: Node | null, place: string): void => {
    const value = node?.toJS(document);
    // A member without a value is as one that is commented out.
    if (value === null || value === undefined) return;
    const leaf = LEAVES.find((each) => memberOf(each) === name);
    const secret = LEAVES.find((each) => each.kind === "secret" && each.name === name);
    if (secret) problems.push(`${place}: ${name} is a secret, and is not written here. ${whereItGoes(secret)}`);
    else if (!leaf) problems.push(`${place}: ${unknownMember(name)}`);
    else if (leaf.kind !== "secret") given.set(leaf.name, { value, origin: place });
    else if (typeof value !== "string") problems.push(`${place}: ${name} has to be the path of a file`);
    else readSecretFile(resolve(dirname(path), value), place, leaf.name, given, problems);
  };
  readGroup(document.contents, undefined, path);
  return { given, problems };
}

const whereItGoes = (leaf: Leaf): string =>
  `Set ${leaf.env}, or put it into a file, and name that by ${memberOf(leaf)}, ${leaf.env}_FILE or --${leaf.flag}.`;

function unknownMember(name: string): string {
  const similar = nearest(name, [...LEAVES.map(memberOf), ...GROUPS]);
  const hint = similar === undefined ? "`concord bridge --help` names all." : `Did you mean ${similar}?`;
  return `there is no setting ${name}. ${hint}`;
}
