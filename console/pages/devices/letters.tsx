import type { LetterState } from "#letters/states.ts";
import type { Letter } from "#ops/api.ts";
import { useAnswer } from "../../answer.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Answered, Empty } from "../../parts/states.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import { capitalize } from "./words.ts";

const SHOWN = 5;

/** Letters have no stream, so they are polled. */
const EVERY_SECONDS = 15;

const TONES: Partial<Record<LetterState, Tone>> = { open: "bad", quarantined: "bad", replaying: "info" };

type Page = { readonly deadLetters: readonly Letter[]; readonly nextCursor: string | null };

/** The newest dead letters of a device. */
export function Letters({ deviceKey }: { readonly deviceKey: string }) {
  const query = new URLSearchParams({ device: deviceKey, first: String(SHOWN) });
  const answer = useAnswer<Page>(`/dead-letters?${query}`, EVERY_SECONDS);
  return (
    <section class="card" aria-labelledby="letters">
      <h2 id="letters" class="row spread">
        Dead letters
        <a class="aside-note" href={hrefOf(["letters"], { device: deviceKey })}>
          All of this device
        </a>
      </h2>
      <Answered answer={answer} what="dead letters" rows={2}>
        {({ deadLetters }) =>
          deadLetters.length === 0 ? (
            <Empty title="No dead letters" />
          ) : (
            <ul class="plain-list">
              {deadLetters.map((letter) => (
                <LetterLine key={letter.id} letter={letter} />
              ))}
            </ul>
          )
        }
      </Answered>
    </section>
  );
}

const LetterLine = ({ letter: { id, state, reason, topic, message, lastFailedAt } }: { readonly letter: Letter }) => (
  <li>
    <p class="row">
      <Badge tone={TONES[state] ?? "quiet"}>{capitalize(state)}</Badge>
      <a class="mono" href={hrefOf(["letters", id])}>
        {reason}
      </a>
      <span class="muted push">
        <Time at={lastFailedAt} />
      </span>
    </p>
    <p class="muted breakable brief" title={message}>
      {topic}: {message}
    </p>
  </li>
);
