import { useState } from "preact/hooks";
import type { OpsUser } from "#auth/ops-role.ts";
import type { Letter, LetterDetail } from "#ops/api.ts";
import { useAnswer } from "../../answer.ts";
import { Badge } from "../../parts/badge.tsx";
import { Answered, ErrorMessage } from "../../parts/states.tsx";
import { FullTime } from "../../parts/time.tsx";
import { AuditTable } from "../audit/audit-table.tsx";
import { LetterActions } from "./letter-actions.tsx";
import { LetterFacts } from "./letter-facts.tsx";
import { HELP } from "./next-step.tsx";
import { Payload } from "./payload.tsx";
import { Revisions } from "./revisions.tsx";
import { One } from "./section.tsx";
import { shortId, toneOf } from "./words.ts";

type LetterPageProps = { readonly id: string; readonly user: OpsUser };

/** One letter: what came, what is wrong with it and where, and what can be done. */
export function LetterPage({ id, user }: LetterPageProps) {
  // What was unmasked is kept by this page alone, and is gone when it is left.
  const [unmasked, setUnmasked] = useState<LetterDetail>();
  const [isMoving, setIsMoving] = useState(false);
  const answer = useAnswer<LetterDetail>(`/dead-letters/${encodeURIComponent(id)}`, isMoving ? 1 : 15);
  const { data } = answer;
  if (data && (data.state === "replaying") !== isMoving) setIsMoving(data.state === "replaying");
  if (!data) {
    return (
      <One at="letters" title={`Letter ${shortId(id)}`}>
        <Answered answer={answer} what="the letter">
          {() => null}
        </Answered>
      </One>
    );
  }
  const letter = withUnmasked(data, unmasked);
  return (
    <One
      at="letters"
      title={
        <>
          Letter <span class="mono">{shortId(id)}</span> <Badge tone={toneOf(data.state)}>{data.state}</Badge>
        </>
      }
      actions={
        <LetterActions
          letter={letter}
          user={user}
          onChange={answer.reload}
          onUnmasked={(detail) => {
            setUnmasked(detail);
            answer.reload();
          }}
          onMask={() => setUnmasked(undefined)}
        />
      }
    >
      {answer.refusal && <ErrorMessage refusal={answer.refusal} onRetry={answer.reload} />}
      <LetterView letter={letter} />
    </One>
  );
}

/** A letter in its current state, with the parts that the reader has unmasked. */
function withUnmasked(now: LetterDetail, unmasked: LetterDetail | undefined): LetterDetail {
  // A later edit of another operator is still masked, and masked text cannot be edited.
  if (!unmasked || unmasked.revision < now.revision) return now;
  const { payload, payloadEncoding, key, keyEncoding, headers, masked, edited, revision } = unmasked;
  const { failure, issues, message } = unmasked.lastFailedAt === now.lastFailedAt ? unmasked : now;
  const known = new Map(unmasked.revisions.map((each) => [each.revision, each]));
  const revisions = now.revisions.map((each) => known.get(each.revision) ?? each);
  const seen = {
    payload,
    payloadEncoding,
    key,
    keyEncoding,
    headers,
    masked,
    edited,
    revision,
    failure,
    issues,
    message,
  };
  return { ...now, ...seen, revisions };
}

const LetterView = ({ letter }: { readonly letter: LetterDetail }) => (
  <>
    <p class={letter.state === "resolved" ? "muted" : "verdict"}>
      <strong>{letter.reason}</strong> {letter.message}
      {letter.next !== null && letter.next !== "replay" && (
        <>
          {" "}
          <strong>A replay would fail again.</strong> {HELP[letter.next]}
        </>
      )}
      {letter.masked && <span class="muted"> Personal values are masked (•••); their types are shown.</span>}
    </p>
    <div class={letter.edited === null ? "letter-grid" : "letter-grid edited"}>
      <Payload
        title={letter.edited === null ? "Payload" : "Payload as it came"}
        text={letter.payload}
        encoding={letter.payloadEncoding}
        issues={letter.issues}
        none={
          letter.emptiedAt === null
            ? "A tombstone: the record has no value."
            : "It is no longer stored, to limit storage."
        }
      />
      {letter.edited !== null && <Edited letter={letter} />}
      <LetterFacts letter={letter} />
    </div>
    {letter.emptiedAt !== null && (
      <p class="muted">
        Its value was deleted <FullTime at={letter.emptiedAt} />, so it cannot be replayed.
      </p>
    )}
    {letter.revisions.length > 0 && <Revisions revisions={letter.revisions} />}
    {letter.audit.length > 0 && (
      <section class="stack" aria-labelledby="done-to-it">
        <h2 id="done-to-it">History</h2>
        <AuditTable entries={letter.audit} isOfOne />
      </section>
    )}
  </>
);

const Edited = ({ letter }: { readonly letter: Letter }) => (
  <Payload
    title={`Edited, revision ${letter.revision}: a replay sends this`}
    text={letter.edited}
    encoding="text"
    issues={[]}
  />
);
