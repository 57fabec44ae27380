import { readdirSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join, normalize, sep } from "node:path";
import { parse as parseYaml, YAMLParseError } from "yaml";
import type * as z from "zod";
import { extensionOf, type ManifestKind, type Read, readClientFile, TrustSettings } from "./client-manifests.ts";

/** What was read of one folder, or of one of its files. */
type FolderRead = Read & { readonly kind: ManifestKind };

/** The file that names the folders. */
export const TRUST_FILE = "trusted-documents.yaml";

type Folder = z.output<typeof TrustSettings>[number];

/**
 * Reads the folders that trusted-documents.yaml names, with what is nested in them. A file belongs to the innermost
 * folder that is named, so that a team's folder may lie in another's.
 * @param root the repository's, absolute
 * @param settings the text of trusted-documents.yaml
 */
export function readTrustedFolders(root: string, settings: string): FolderRead[] {
  const read = parseSettings(settings);
  if ("problems" in read) return [{ kind: "files", documents: [], problems: read.problems }];
  const { folders } = read;
  return folders.flatMap((each) => {
    const problem = problemOf(root, each.folder);
    if (problem) return [refused(each, problem)];
    const within = folders.filter(({ folder }) => folder !== each.folder && isWithin(folder, each.folder));
    const files = filesIn(root, each).filter((file) => !within.some(({ folder }) => isWithin(file, folder)));
    if (files.length === 0)
      return [refused(each, `the folder ${each.folder} holds no ${extensionOf(each.kind)} file.`)];
    return files.map((file) => {
      const text = readFileSync(join(root, file), "utf8");
      return { kind: each.kind, ...readClientFile(each.kind, file, text) };
    });
  });
}

function parseSettings(text: string): { folders: Folder[] } | { problems: string[] } {
  try {
    const { data, error } = TrustSettings.safeParse(parseYaml(text));
    if (error) return { problems: error.issues.map(({ path, message }) => said(`${path.join(".")}: ${message}`)) };
    return { folders: data.map(({ folder, kind }) => ({ folder: tidied(folder), kind })) };
  } catch (thrown) {
    if (thrown instanceof YAMLParseError) return { problems: [said(thrown.message.split("\n")[0] ?? "")] };
    throw thrown;
  }
}

/** With forward slashes and none at the end, whoever wrote it. */
const tidied = (folder: string): string => normalize(folder).split(sep).join("/").replace(/\/+$/, "");

function problemOf(root: string, folder: string): string | undefined {
  if (isAbsolute(folder) || folder === ".." || folder.startsWith("../"))
    return `the folder ${folder} is outside of the repository, where no other checkout has it. Copy the manifest into a folder of the repository.`;
  const found = statSync(join(root, folder), { throwIfNoEntry: false });
  if (!found) return `there is no folder ${folder}.`;
  return found.isDirectory() ? undefined : `${folder} is a file: name the folder that it is in.`;
}

const isWithin = (path: string, folder: string): boolean => folder === "." || path.startsWith(`${folder}/`);

/** The files of a folder that its kind reads, in their order. What a package manager or a tool keeps there is not a team's. */
function filesIn(root: string, { folder, kind }: Folder): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => name.split(sep).join("/"))
    .filter((name) => name.endsWith(extensionOf(kind)) && !name.split("/").some(isForeign))
    .map((name) => (folder === "." ? name : `${folder}/${name}`))
    .filter((file) => statSync(join(root, file)).isFile())
    .sort();
}

const isForeign = (segment: string): boolean => segment === "node_modules" || segment.startsWith(".");

const said = (problem: string): string => `${TRUST_FILE}: ${problem}`;

const refused = ({ kind }: Folder, problem: string): FolderRead => ({ kind, documents: [], problems: [said(problem)] });
