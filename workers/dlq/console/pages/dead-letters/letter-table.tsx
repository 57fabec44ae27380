import type { Letter } from "../../../../../src/shared/desk/api.ts";
import { Badge } from "../../parts/badge.tsx";
import { ROW } from "../../parts/list-keys.ts";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import { shortId, toneOf } from "./words.ts";
import "../../parts/rows.css";

/** Letters that somebody has ticked, by id. */
export type Ticks = {
  readonly ids: ReadonlySet<string>;
  readonly toggle: (ids: readonly string[], isTicked: boolean) => void;
};

type LetterTableProps = {
  readonly letters: readonly Letter[];
  readonly ticks: Ticks;
  /** All are of one group, whose topic and reason stand above them. */
  readonly isOfOne?: boolean;
};

/** Letters, newest failure first, to open and to tick. */
export function LetterTable({ letters, ticks, isOfOne = false }: LetterTableProps) {
  const all = letters.map(({ id }) => id);
  return (
    <div class="card flush scroll">
      <table class="rows letters">
        <thead>
          <tr>
            <th scope="col">
              <input
                type="checkbox"
                aria-label="Select all shown"
                checked={all.every((id) => ticks.ids.has(id))}
                onChange={(event) => ticks.toggle(all, event.currentTarget.checked)}
              />
            </th>
            <th scope="col">State</th>
            <th scope="col">Letter</th>
            <th scope="col">Why</th>
            <th scope="col">Device</th>
            <th scope="col" class="num" title="How often it has failed">
              Failures
            </th>
            <th scope="col">Last failed</th>
          </tr>
        </thead>
        <tbody>
          {letters.map((letter) => (
            <LetterRow key={letter.id} letter={letter} ticks={ticks} isOfOne={isOfOne} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

type LetterRowProps = { readonly letter: Letter; readonly ticks: Ticks; readonly isOfOne: boolean };

function LetterRow({ letter, ticks, isOfOne }: LetterRowProps) {
  const { id, state, reason, message, topic, deviceKey, failures, lastFailedAt } = letter;
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          aria-label={`Select letter ${id}`}
          checked={ticks.ids.has(id)}
          onChange={(event) => ticks.toggle([id], event.currentTarget.checked)}
        />
      </td>
      <td data-label="State">
        <span>
          <Badge tone={toneOf(state)}>{state}</Badge>
        </span>
      </td>
      <th scope="row">
        <a {...ROW} class="mono" href={hrefOf(["letters", id])} title={id}>
          {shortId(id)}
        </a>
      </th>
      <td data-label="Why" class="why-cell">
        <div>
          <span class="clamp" title={message}>
            {message}
          </span>
          {!isOfOne && (
            <span class="sub">
              {reason} · <span class="mono">{topic}</span>
            </span>
          )}
        </div>
      </td>
      <td data-label="Device" class="mono device-cell">
        {deviceKey === null ? (
          <span class="muted">none</span>
        ) : (
          <a href={hrefOf(["devices", deviceKey])}>{deviceKey}</a>
        )}
      </td>
      <td data-label="Failures" class="num">
        {failures}
      </td>
      <td data-label="Last failed" class="tight">
        <Time at={lastFailedAt} />
      </td>
    </tr>
  );
}
