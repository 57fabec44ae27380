import type { Send } from "../../bridge/delivery/boundary.ts";
import { type CompiledTable, type MadeEvent, mapRow } from "../mapping/table.ts";
import { BackfillProblem } from "../problem.ts";
import type { SourceFile } from "../read/files.ts";
import { type Opening, openFile } from "../read/open.ts";
import type { OpenFile, ReadRow } from "../read/row.ts";
import { type FaultLine, FaultsFile, faultLine } from "./faults-file.ts";
import type { Pace } from "./pace.ts";
import { type Outgoing, type SendSettings, sendEvents } from "./send.ts";
import { type FileState, type State, writeState } from "./state.ts";
import { addTally, countRow, emptyTally, type Tally } from "./tally.ts";

/** A file of a table, and how it is opened. */
export type TableFile = {
  readonly source: SourceFile;
  readonly table: CompiledTable;
  readonly opening: Omit<Opening, "skip">;
};

export type RunSettings = SendSettings & {
  /** Rows after which the state is saved. What was sent since comes again after a crash. */
  readonly chunkRows: number;
  /** Rows of this run; `Infinity` for all. */
  readonly limit: number;
};

export type RunProgress = {
  readonly rows: number;
  /** Of all files, with those of runs before. */
  readonly bytesRead: number;
  readonly bytes: number;
};

/** What is done with the events of a chunk of rows: they are sent, or only looked at. */
export type Target =
  | {
      readonly kind: "boundary";
      readonly send: Send;
      readonly pace: Pace;
      readonly statePath: string;
      readonly faultsPath: string;
      readonly onRetry: (reason: string, waitMs: number) => void;
    }
  | { readonly kind: "dry" };

export type RunDeps = {
  readonly target: Target;
  /** Is called with every event before it is sent. */
  readonly see: (event: MadeEvent, fault: FaultLine | undefined) => void;
  readonly now: () => number;
  readonly onProgress: (progress: RunProgress) => void;
};

type Chunk = {
  readonly tally: Tally;
  readonly events: Outgoing[];
  readonly faults: FaultLine[];
};

/**
 * Reads all rows behind the state, and sends their events in chunks. The state is saved when the boundary has answered
 * for every event of a chunk: a run that is killed at any time and begun again sends at most one chunk a second time,
 * which changes nothing. While a chunk is on its way, the next one is read.
 * @param state is changed as the run goes on
 * @param stop ends the run when the chunk that is being read is done
 */
export async function runBackfill(
  files: readonly TableFile[],
  state: State,
  settings: RunSettings,
  { target, see, now, onProgress }: RunDeps,
  stop: AbortSignal,
): Promise<void> {
  const faults = target.kind === "boundary" ? await FaultsFile.open(target.faultsPath, state.faultsBytes) : undefined;
  const bytes = files.reduce((sum, { source }) => sum + source.bytes, 0);
  let onItsWay: Promise<void> = Promise.resolve();
  let bytesBefore = 0;
  let rowsLeft = settings.limit;

  /** Hands a chunk on when the one before it is done. */
  const pass = async (chunk: Chunk, file: FileState, rows: number, isDone: boolean): Promise<void> => {
    await onItsWay;
    let fault = 0;
    for (const event of chunk.events) see(event, event.fault ? chunk.faults[fault++] : undefined);
    onItsWay = settle(chunk, { target, faults, settings }).then(async () => {
      addTally(state.tally, chunk.tally);
      file.rows = rows;
      file.isDone = isDone;
      if (!faults || target.kind !== "boundary") return;
      state.faultsBytes = faults.bytes;
      await writeState(target.statePath, state);
    });
    // It is awaited before the next chunk, and reported there.
    onItsWay.catch(() => undefined);
  };

  try {
    for (const [i, tableFile] of files.entries()) {
      const file = state.files[i] as FileState;
      if (!file.isDone && rowsLeft > 0 && !stop.aborted) {
        const reading = readChunks(tableFile, file.rows, { ...settings, limit: rowsLeft }, now);
        for await (const { chunk, rows, isDone, bytesRead } of reading) {
          rowsLeft -= chunk.tally.rows;
          await pass(chunk, file, rows, isDone);
          onProgress({ rows: state.tally.rows, bytesRead: bytesBefore + bytesRead, bytes });
          if (stop.aborted) break;
        }
      }
      bytesBefore += tableFile.source.bytes;
    }
    await onItsWay;
    onProgress({ rows: state.tally.rows, bytesRead: bytesBefore, bytes });
  } finally {
    await onItsWay.catch(() => undefined);
    await faults?.close();
  }
}

type ReadChunk = {
  readonly chunk: Chunk;
  /** Rows of the file up to its end. */
  readonly rows: number;
  readonly isDone: boolean;
  readonly bytesRead: number;
};

async function* readChunks(
  { source, table, opening }: TableFile,
  skip: number,
  { chunkRows, limit }: Pick<RunSettings, "chunkRows" | "limit">,
  now: () => number,
): AsyncGenerator<ReadChunk> {
  const file = await openFile(source.path, { ...opening, skip });
  try {
    checkColumns(file, table, source.name);
    let chunk = emptyChunk();
    let [rows, left] = [skip, limit];
    for await (const batch of file.rows) {
      for (const row of batch) {
        if (left === 0) break;
        addRow(chunk, row, table, source.name, now());
        left -= 1;
        rows = row.number;
        if (chunk.tally.rows < chunkRows) continue;
        yield { chunk, rows, isDone: false, bytesRead: file.bytesRead() };
        chunk = emptyChunk();
      }
      if (left === 0) break;
    }
    // With a limit it is not known whether a row follows; the next run finds out.
    yield { chunk, rows, isDone: left > 0, bytesRead: file.bytesRead() };
  } finally {
    await file.close();
  }
}

const emptyChunk = (): Chunk => ({ tally: emptyTally(), events: [], faults: [] });

function addRow(chunk: Chunk, row: ReadRow, table: CompiledTable, file: string, nowMs: number): void {
  const result = mapRow(table, row, file, nowMs);
  countRow(chunk.tally, result);
  if (result.kind === "skipped") return;
  for (const event of result.events) {
    chunk.events.push({ ...event, file, place: row.place });
    if (event.fault) chunk.faults.push(faultLine({ table: table.name, file, topic: event.topic }, row, event.fault));
  }
}

/** @throws BackfillProblem for a column that the mapping needs and the file does not have */
function checkColumns({ columns }: OpenFile, table: CompiledTable, file: string): void {
  if (!columns) return;
  const missing = table.columns.filter((column) => !columns.includes(column));
  if (missing.length === 0) return;
  throw new BackfillProblem(
    `${file} has no column ${missing.join(" and no column ")}, which the table ${table.name} of the mapping needs. It has ${columns.join(", ")}.`,
  );
}

type Settling = {
  readonly target: Target;
  readonly faults: FaultsFile | undefined;
  readonly settings: RunSettings;
};

async function settle(chunk: Chunk, { target, faults, settings }: Settling): Promise<void> {
  if (target.kind === "dry") return;
  Object.assign(chunk.tally, await sendEvents(chunk.events, settings, target));
  await faults?.append(chunk.faults);
}
