import { runTool } from "../local/tool.ts";

/** A generated file's text, with its imports sorted and formatted as `npm run check` wants it. @throws Error with biome's own */
export function formatSource(file: string, text: string): string {
  const args = ["check", "--linter-enabled=false", "--write", `--stdin-file-path=${file}`];
  const { status, stdout, stderr } = runTool("@biomejs/biome", args, { input: text });
  if (status !== 0) throw new Error(`biome could not format ${file}: ${stderr}`);
  return stdout;
}
