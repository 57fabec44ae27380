import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { delimiter } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { SHELLS } from "../../cli/completion/scripts.ts";
import { run } from "../../local/tool.ts";

/** What a line becomes when Tab is pressed at its end: each has one completion. */
const LINES: Readonly<Record<string, string>> = {
  "concord tok": "concord token",
  "concord dlq disc": "concord dlq discard",
  "concord dlq list --sta": "concord dlq list --state",
  "concord dlq list --state quar": "concord dlq list --state quarantined",
  "concord dlq list --state=quar": "concord dlq list --state=quarantined",
  'concord dlq list --state "quar': 'concord dlq list --state "quarantined"',
  "concord dlq list --device el": "concord dlq list --device elt:",
  "concord dlq list --device=el": "concord dlq list --device=elt:",
  "concord dlq list --topic device.infinity.dealer.s": "concord dlq list --topic device.infinity.dealer.setup",
  "concord guide bridge.": "concord guide bridge.yaml",
  "concord dlq import ./let": "concord dlq import ./letters:1.ndjson",
  "concord parity --config ./my": "concord parity --config ./my\\ parity.yaml",
  "concord backfill run ./un": "concord backfill run ./unload/",
};

/** Files that the lines above name. */
export const SHELL_FILES = { files: ["letters:1.ndjson", "my parity.yaml"], folders: ["unload"] } as const;

type Shell = "bash" | "zsh" | "fish";
const TYPED: Readonly<Record<"bash" | "zsh", { readonly command: string; readonly setup: string }>> = {
  bash: { command: "bash --norc --noprofile -i", setup: "source <(concord completion bash)" },
  zsh: {
    command: "zsh -f -i",
    setup: "autoload -U compinit && compinit -D; bindkey -e; source <(concord completion zsh)",
  },
};

/**
 * Tries the completion in real shells.
 * @param bin folder with `concord`, which comes first in their PATH
 * @param folder to work in, with SHELL_FILES
 * @returns what is wrong, a line each; the shells that this machine lacks, and those of which no test knows
 */
export async function tryShells(bin: string, folder: string) {
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, TERM: "dumb", COLUMNS: "400" };
  const isThere = (program: string) => run("sh", ["-c", `command -v ${program}`]).status === 0;
  const all: readonly Shell[] = ["bash", "zsh", "fish"];
  // `script` makes the terminal in which bash and zsh are typed into.
  const shells = all.filter((shell) => isThere(shell) && (shell === "fish" || isThere("script")));
  const found = await Promise.all(
    shells.map((shell) => (shell === "fish" ? inFish(env, folder) : typedIn(shell, env, folder))),
  );
  const missing = all.filter((shell) => !shells.includes(shell));
  const untested = SHELLS.filter((shell) => !all.some((each) => each === shell));
  return { tried: shells, missing, untested, wrong: found.flat() };
}

const complaint = (shell: Shell, line: string, became: string): string[] => {
  // Shells differ in what they put behind it, which they take back as one goes on.
  const plain = (text: string | undefined) => text?.replace(/\\:/g, ":").replace(/["/ ]+$/, "");
  return plain(became) === plain(LINES[line]) ? [] : [`${shell}: ${line} became ${became}, and not ${LINES[line]}`];
};

/** Fish says itself what it would offer. */
async function inFish(env: NodeJS.ProcessEnv, folder: string): Promise<string[]> {
  return Object.keys(LINES).flatMap((line) => {
    const script = `concord completion fish | source; complete --escape -C ${JSON.stringify(line)}`;
    const { stdout } = run("fish", ["--no-config", "-c", script], { cwd: folder, env, timeout: 30_000 });
    const offers = stdout
      .split("\n")
      .filter(Boolean)
      .map((each) => each.split("\t")[0]);
    return complaint("fish", line, `${line.slice(0, line.lastIndexOf(" ") + 1)}${offers.join(" | ")}`);
  });
}

/** Types each line and Tab in a terminal, and has the shell print what has become of it. */
async function typedIn(shell: "bash" | "zsh", env: NodeJS.ProcessEnv, folder: string): Promise<string[]> {
  const { command, setup } = TYPED[shell];
  const terminal = spawn("script", ["-qfc", command, "/dev/null"], { cwd: folder, env });
  const output = { text: "" };
  terminal.stdout.on("data", (chunk: Buffer) => (output.text += chunk));
  terminal.stdin.write(`${setup}\n`);
  await wait(2_000);
  const wrong: string[] = [];
  try {
    for (const line of Object.keys(LINES)) {
      let found: string[] = [];
      // A busy machine takes longer.
      for (const patienceMs of [1_500, 8_000]) {
        found = complaint(shell, line, await completed(terminal, output, line, patienceMs));
        if (found.length === 0) break;
      }
      wrong.push(...found);
    }
  } finally {
    terminal.kill("SIGKILL");
  }
  return wrong;
}

const [TO_BEGINNING, TO_END] = ["\u0001", "\u0005"];

async function completed(
  { stdin }: ChildProcessWithoutNullStreams,
  output: { text: string },
  line: string,
  patienceMs: number,
): Promise<string> {
  output.text = "";
  stdin.write(`${line}\t`);
  await wait(patienceMs);
  stdin.write(`${TO_BEGINNING}echo '<<${TO_END}>>'\n`);
  for (let i = 0; i < 50; i++) {
    await wait(100);
    const printed = /^<<(.*)>>\r?$/m.exec(output.text)?.[1];
    if (printed !== undefined) return printed;
  }
  return `nothing, and the terminal shows ${JSON.stringify(output.text.slice(-200))}`;
}
