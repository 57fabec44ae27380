import type { GroupSample, NextStep } from "#ops/api.ts";
import { formatLetters } from "./words.ts";

/** What helps where a replay does not, in a sentence. */
export const HELP: Readonly<Record<Exclude<NextStep, "replay">, string>> = {
  edit: "Edit the payload, or have its producer send it again.",
  discard: "No edit can fix that. Discard it, or change the contract.",
  wait: "Replay it once its time has come, or after a new deployment.",
};

/** Why a replay of a group is not recommended, by the letters of it that were checked. */
export function NextStepNote({ sample: { letters, failing, next } }: { readonly sample: GroupSample }) {
  if (next === "replay") {
    return failing === 0 ? null : (
      <p class="muted">
        {failing} of {formatLetters(letters)} checked would fail again. A plan shows which of the group would pass.
      </p>
    );
  }
  return (
    <p class="verdict">
      <strong>A replay would fail again</strong> for {letters === 1 ? "the letter" : `all ${letters} letters`} checked.{" "}
      {HELP[next]}
    </p>
  );
}
