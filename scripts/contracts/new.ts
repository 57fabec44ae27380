import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { isTopic } from "#contracts/topic.ts";
import { ROOT, run, runTool } from "../../local/tool.ts";
import { describeBadName } from "./source-files.ts";
import { readSources } from "./sources.ts";
import { contractText, ENTITIES, fileOf, ownTopic, sourceText, type TopicTemplate, testText } from "./templates.ts";

const USAGE = `Writes the folder of a new source, or more topics of one that is there.

  npm run contracts:new -- --source NAME [--entity LIST] [--topic LIST] [--title TEXT]

  --source NAME   lower-case letters and digits: the folder, and the segment of topics and device keys
  --entity LIST   ${Object.keys(ENTITIES).join(", ")}: the topics that sources
                  of ours have of it, with the same data
  --topic LIST    {entity}.{action}, of topics whose data is the source's own
  --title TEXT    what people call the source (its name, with a capital)
  --help          this page

  npm run contracts:new -- --source nest --entity registration,status,alert
  npm run contracts:new -- --source nest --topic event.published --title "Nest"

It writes contracts with examples, the source's own settings (source.ts) and a test, and then runs npm run generate.
A file that is there is never changed.
`;

/** What cannot be done as it was asked, in words for the one who asked. */
class Refused extends Error {}

type Order = { readonly source: string; readonly title: string; readonly topics: readonly TopicTemplate[] };

function readOrder(args: string[]): Order | "help" {
  const text = { type: "string", multiple: true } as const;
  const options = {
    source: { type: "string" },
    entity: text,
    topic: text,
    title: { type: "string" },
    help: { type: "boolean", short: "h" },
  } as const;
  const { values } = parseArgs({ args, options });
  if (values.help) return "help";
  const { source = "" } = values;
  if (source === "") throw new Refused("--source is missing: the name of the source.");
  const bad = describeBadName(source);
  if (bad) throw new Refused(`--source ${source}: ${bad}.`);
  const list = (given: readonly string[] = []) => given.flatMap((each) => each.split(",")).filter(Boolean);
  const ofEntities = list(values.entity).flatMap((entity) => {
    const topics = Object.hasOwn(ENTITIES, entity) ? ENTITIES[entity] : undefined;
    if (!topics)
      throw new Refused(
        `--entity ${entity}: known are ${Object.keys(ENTITIES).join(", ")}. For data of the source's own, use --topic ${entity}.changed.`,
      );
    return topics;
  });
  const own = list(values.topic).map((name) => {
    if (!isTopic(`device.${source}.${name}`))
      throw new Refused(`--topic ${name}: must be {entity}.{action}, in lower case.`);
    return ownTopic(name);
  });
  const topics = [...ofEntities, ...own];
  if (topics.length === 0) throw new Refused("No topics: give --entity, --topic or both.");
  const files = topics.map(fileOf);
  const twice = files.find((file, i) => files.indexOf(file) < i);
  if (twice) throw new Refused(`${twice}.ts would be written twice: name each topic once.`);
  return { source, title: values.title ?? source.charAt(0).toUpperCase() + source.slice(1), topics };
}

/** The files to write, by path. */
async function filesOf({ source, title, topics }: Order): Promise<Map<string, string>> {
  const folder = join(ROOT, "src/shared/contracts", source);
  const sources = await readSources();
  const files = new Map(topics.map((topic) => [join(folder, `${fileOf(topic)}.ts`), contractText(source, topic)]));
  if (!sources.some(({ spec }) => spec.name === source)) {
    if (existsSync(folder))
      throw new Refused(
        `--source ${source}: ${relative(ROOT, folder)} is there already, and is no source. Nothing was written.`,
      );
    const other = sources.find(({ spec }) => spec.title === title)?.spec;
    if (other) throw new Refused(`--title ${title}: ${other.name} has this title. Nothing was written.`);
    const precedence = Math.max(0, ...sources.map(({ spec }) => spec.precedence)) + 10;
    const made = { source, title, precedence, topics };
    files.set(join(folder, "source.ts"), sourceText(made));
    files.set(join(folder, `${source}.test.ts`), testText(made));
  }
  const there = [...files.keys()].filter((file) => existsSync(file)).map((file) => relative(ROOT, file));
  if (there.length > 0)
    throw new Refused(`${there.join(", ")} ${there.length === 1 ? "is" : "are"} there already. Nothing was written.`);
  return files;
}

async function main(): Promise<number> {
  let files: Map<string, string>;
  try {
    const order = readOrder(process.argv.slice(2));
    if (order === "help") {
      console.log(USAGE);
      return 0;
    }
    files = await filesOf(order);
  } catch (error) {
    const isAsked = error instanceof Refused || (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
    if (!isAsked) throw error;
    console.error(`${(error as Error).message}\n\nnpm run contracts:new -- --help explains it.`);
    return 2;
  }
  for (const [file, text] of files) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${relative(ROOT, file)}`);
  }
  runTool("@biomejs/biome", ["check", "--linter-enabled=false", "--write", ...files.keys()]);
  const { status } = run("npm", ["run", "--silent", "generate"], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    console.error("The files were written, and npm run generate failed: correct what it says, and run it again.");
    return 1;
  }
  console.log(
    "\nNext: put the source's own data into the contracts, then npm run check. docs/adding-a-source.md goes on.",
  );
  return 0;
}

process.exitCode = await main();
