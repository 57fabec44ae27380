import { run } from "../../local/tool.ts";

/** Writes the tables of every wrangler.toml that follow from environments/*.toml. @throws Error with what it said */
export function regenerateTables(): void {
  const { status, stdout, stderr } = run(process.execPath, ["deploy/tables/main.ts"]);
  if (status === 0) return;
  throw new Error(
    `The database's id is in the file, and the tables could not be generated from it:\n${stdout}${stderr}`,
  );
}
