import { readFileSync, writeFileSync } from "node:fs";
import type { State } from "./state.ts";

/** The account that `CONCORD_ACCOUNT` names. */
export const readState = (path = process.env.CONCORD_ACCOUNT ?? ""): State =>
  JSON.parse(readFileSync(path, "utf8")) as State;

export function changeState<T>(act: (state: State) => T, path = process.env.CONCORD_ACCOUNT ?? ""): T {
  const state = readState(path);
  const result = act(state);
  writeFileSync(path, JSON.stringify(state, null, 2));
  return result;
}
