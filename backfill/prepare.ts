import { type LoadedMapping, loadMapping } from "./mapping/load.ts";
import { loadLookups } from "./mapping/lookups.ts";
import { CSV_DEFAULTS } from "./mapping/schema.ts";
import { findFiles } from "./read/files.ts";
import type { TableFile } from "./run/run.ts";
import { checkResumable, freshState, type Plan, readState, type State } from "./run/state.ts";

export type Order = {
  /** Where the unload is. */
  readonly folder: string;
  readonly mappingPath: string;
  /** Absent where nothing is sent. */
  readonly statePath?: string | undefined;
  /** The address that it is sent to. */
  readonly url: string;
  /** Begins anew, whatever the state says. */
  readonly restart: boolean;
};

export type Prepared = {
  readonly loaded: LoadedMapping;
  readonly files: readonly TableFile[];
  readonly state: State;
  /** Whether a run before this one has sent something. */
  readonly isResumed: boolean;
  /** Rows of lookups that cannot be used. */
  readonly lookupProblems: readonly string[];
};

/**
 * Reads the mapping and its lookups, and finds the files and the state. Nothing is sent.
 * @throws BackfillProblem with what is wrong
 */
export async function prepareBackfill({ folder, mappingPath, statePath, url, restart }: Order): Promise<Prepared> {
  const loaded = await loadMapping(mappingPath);
  const { mapping } = loaded;
  const { lookups, problems } = await loadLookups(mapping, folder);
  const files: TableFile[] = [];
  for (const table of loaded.compile(lookups)) {
    const spec = mapping.tables[table.name];
    if (!spec) continue;
    const opening = { csv: spec.csv ?? mapping.csv ?? CSV_DEFAULTS, columns: spec.columns };
    for (const source of await findFiles(folder, spec.files, `table ${table.name}`))
      files.push({ source, table, opening });
  }
  const plan: Plan = {
    url,
    mapping: { path: mappingPath, sha256: loaded.hash },
    files: files.map(({ source, table }) => ({ ...source, table: table.name })),
  };
  const known = statePath === undefined || restart ? undefined : readState(statePath);
  if (known && statePath !== undefined) checkResumable(statePath, known, plan);
  return {
    ...{ loaded, files, lookupProblems: problems },
    state: known ?? freshState(plan),
    isResumed: known !== undefined,
  };
}
