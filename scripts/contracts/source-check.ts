import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { freePort } from "../../local/free-port.ts";
import { ROOT } from "../../local/tool.ts";
import { copyRepository } from "../copy-repository.ts";

/**
 * Follows docs/adding-a-source.md in a copy of the repository: its files are written, its commands run, its answer is
 * compared, and the lines are counted that somebody has to write.
 */
const MAX_OWN_LINES = 29;
const folder = mkdtempSync(join(tmpdir(), "concord-source-"));
copyRepository(folder);
symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
const port = await freePort();
const env = { ...process.env, PATH: [join(ROOT, "node_modules/.bin"), process.env.PATH].join(delimiter) };
const page = readFileSync(join(folder, "docs/adding-a-source.md"), "utf8").replaceAll(
  "localhost:8787",
  `localhost:${port}`,
);
const dev = { stop: () => {} };
process.on("exit", () => dev.stop());
let said = "";
let ownLines = 0;
for (const [, kind, file = "", text = ""] of page.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms)) {
  if (kind === "ts") write(join(folder, file), text);
  else if (text === "npm run dev\n") await serve();
  else if (kind === "sh") {
    console.log(`\n$ ${text.trim()}`);
    const { status, stdout } = spawnSync("bash", ["-euc", text], {
      cwd: folder,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    said = stdout;
    console.log(said);
    if (status !== 0) throw new Error(`docs/adding-a-source.md: this ended with ${status}, in ${folder}: ${text}`);
  } else if (!isDeepStrictEqual(JSON.parse(said.slice(said.indexOf('{"data"'))).data, JSON.parse(text)))
    throw new Error(`docs/adding-a-source.md: GraphQL answers otherwise than ${text}`);
}
console.log(`docs/adding-a-source.md: every step did what it says, with ${ownLines} lines of own code.`);
if (ownLines > MAX_OWN_LINES) throw new Error(`A source should take at most ${MAX_OWN_LINES} lines.`);
dev.stop();
rmSync(folder, { recursive: true, force: true });
process.exit(0);

/** Lines that `npm run contracts:new` has written are nobody's own, nor are those of the test. */
function write(path: string, text: string): void {
  const written = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  if (!path.endsWith(".test.ts"))
    ownLines += text.split("\n").filter((line) => line.trim() !== "" && !written.includes(line)).length;
  writeFileSync(path, text);
}

async function serve(): Promise<void> {
  const child = spawn(process.execPath, ["scripts/dev.ts", "--port", String(port)], {
    cwd: folder,
    env,
    stdio: "ignore",
  });
  dev.stop = () => child.kill();
  const isReady = () =>
    fetch(`http://localhost:${port}/readyz`)
      .then((answer) => answer.ok)
      .catch(() => false);
  for (let tries = 0; !(await isReady()); tries++) {
    if (tries > 120 || child.exitCode !== null) throw new Error(`npm run dev did not start in ${folder}.`);
    await wait(1_000);
  }
}
