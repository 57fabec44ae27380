import { existsSync, readFileSync, rmSync } from "node:fs";
import * as z from "zod";
import { replaceFile } from "../../cli/files/replace-file.ts";
import type { Json } from "../json.ts";
import { LedgerSnapshot } from "./ledger.ts";

const Item = z.object({ id: z.string(), values: z.record(z.string(), z.custom<Json>()) });

/** How often the old side disagreed with itself in a field, when it was asked for the same item twice. */
export const Control = z.object({ document: z.string(), field: z.string(), compared: z.int(), differed: z.int() });
export type Control = z.output<typeof Control>;

const FORMAT = "concord.parity-state/1";

/** A run that can go on where it stopped. Personal values are in it as keyed hashes only. */
export const RunState = z.object({
  format: z.literal(FORMAT),
  /** Of the settings that it is a run of. */
  print: z.string(),
  salt: z.string(),
  startedMs: z.number(),
  savedMs: z.number(),
  /** The items of each group, once they are listed. */
  items: z.record(z.string(), z.array(Item)),
  /** By document: how many items the control run has asked for. */
  controlled: z.record(z.string(), z.int()),
  control: z.array(Control),
  round: z.int(),
  roundBeganMs: z.number(),
  /** By document: the items of this round that are compared, by their places in the list. */
  done: z.record(z.string(), z.array(z.int())),
  /** How often items that differ have been asked for again in this round. */
  again: z.int(),
  /** When the first and the last whole round began since which there was no longer break. */
  observedMs: z.tuple([z.number(), z.number()]).nullable(),
  requests: z.object({ old: z.int(), new: z.int(), again: z.int() }),
  ledger: LedgerSnapshot,
});
export type RunState = z.output<typeof RunState>;

export const newState = ({ print, salt, nowMs }: { print: string; salt: string; nowMs: number }): RunState => ({
  format: FORMAT,
  ...{ print, salt, startedMs: nowMs, savedMs: nowMs },
  ...{ items: {}, controlled: {}, control: [], round: 1, roundBeganMs: nowMs, done: {}, again: 0, observedMs: null },
  requests: { old: 0, new: 0, again: 0 },
  ledger: { tallies: [], differences: [], closed: [], lastBadMs: null },
});

/** The state in a file; `undefined` if there is no file, "unreadable" for one that holds no state. */
export function readState(path: string): RunState | "unreadable" | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return RunState.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return "unreadable";
  }
}

export const writeState = (path: string, state: RunState): Promise<void> => replaceFile(path, JSON.stringify(state));

export const removeState = (path: string): void => rmSync(path, { force: true });
