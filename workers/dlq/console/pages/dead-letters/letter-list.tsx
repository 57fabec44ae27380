import { useMemo } from "preact/hooks";
import type { Letter } from "../../../../../src/shared/desk/api.ts";
import { REASONS } from "../../../../../src/shared/desk/reasons.ts";
import { LETTER_STATES } from "../../../../../src/shared/desk/states.ts";
import { SOURCES } from "../../../../../src/shared/domain/event.ts";
import type { PageProps } from "../../page.ts";
import { usePaged } from "../../paged.ts";
import { type Filter, Filters } from "../../parts/filters.tsx";
import { Listed } from "../../parts/listed.tsx";
import { Empty } from "../../parts/states.tsx";
import { LetterTable } from "./letter-table.tsx";
import { Section } from "./section.tsx";
import { SelectionActions } from "./selection-actions.tsx";
import { useTicks } from "./ticks.ts";
import { filterIn, lettersOf, SPANS, sinceOf } from "./words.ts";

const FILTERS: readonly Filter[] = [
  { name: "text", label: "Text", kind: "text", placeholder: "a word that is not masked" },
  { name: "state", label: "State", kind: "choice", options: LETTER_STATES },
  { name: "reason", label: "Reason", kind: "choice", options: REASONS },
  { name: "topic", label: "Topic", kind: "text", placeholder: "full topic name" },
  { name: "within", label: "Failed in the last", kind: "choice", options: Object.keys(SPANS) },
];

const OTHERS: readonly Filter[] = [
  { name: "source", label: "Source", kind: "choice", options: SOURCES },
  { name: "device", label: "Device", kind: "text", placeholder: "infinity:4711" },
  { name: "group", label: "Group", kind: "text" },
  { name: "since", label: "Failed since", kind: "time" },
  { name: "until", label: "Failed until", kind: "time" },
];

/** Letters by whatever narrows them down, newest failure first. */
export function LetterList({ route, user }: PageProps) {
  const within = route.query.get("within");
  // Reckoned once: letters that come stay in the span, and the list is not asked for anew with each moment.
  const since = useMemo(() => sinceOf(within, Date.now()), [within]);
  const filter = { ...filterIn(route.query), ...(since && { since }) };
  const asked = new URLSearchParams(filter as Record<string, string>).toString();
  const letters = usePaged<Letter>(`/dead-letters?${asked}`, "deadLetters", 15);
  const ticks = useTicks();
  const isTicked = ticks.ids.size > 0;
  const isNarrowed = asked !== "";
  return (
    <Section at="letters">
      <Filters route={route} filters={FILTERS} others={OTHERS} />
      <div class="row spread acting">
        <span role="status">
          {isTicked
            ? `${lettersOf(ticks.ids.size)} selected`
            : isNarrowed
              ? "All letters that match"
              : "Select letters, or filter them, to act on them."}
        </span>
        <div class="row">
          <SelectionActions
            user={user}
            selection={isTicked ? { ids: [...ticks.ids] } : { filter }}
            unless={isTicked || isNarrowed ? undefined : "Select or filter letters first."}
            onDiscarded={() => {
              ticks.clear();
              letters.reload();
            }}
          />
        </div>
      </div>
      <Listed
        list={letters}
        what={["letter", "letters"]}
        empty={
          isNarrowed ? (
            <Empty title="No dead letters match">
              Clear a filter to see more. The text search does not find masked values.
            </Empty>
          ) : (
            <Empty title="No dead letters">Every record was applied.</Empty>
          )
        }
      >
        {(items) => <LetterTable letters={items} ticks={ticks} />}
      </Listed>
    </Section>
  );
}
