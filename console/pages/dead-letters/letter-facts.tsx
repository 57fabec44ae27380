import type { Letter } from "#ops/api.ts";
import { Fact, Facts } from "../../parts/facts.tsx";
import { FullTime } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";

/** All that is known of a letter beside its payload. */
export function LetterFacts({ letter }: { readonly letter: Letter }) {
  const { id, group, topic, deviceKey, eventId, source, partition, offset, key, keyEncoding, headers } = letter;
  return (
    <section class="card" aria-label="Details">
      <Facts>
        <Fact name="Device">
          {deviceKey === null ? (
            <span class="muted">unknown</span>
          ) : (
            <a class="mono" href={hrefOf(["devices", deviceKey])}>
              {deviceKey}
            </a>
          )}
        </Fact>
        <Fact name="Group">
          {group && (
            <a class="mono" href={hrefOf(["groups", group])}>
              {group}
            </a>
          )}
        </Fact>
        <Fact name="Topic">
          <a class="mono" href={hrefOf(["topics", topic])}>
            {topic}
          </a>
        </Fact>
        <Fact name="Source">{source}</Fact>
        <Fact name="Event">
          {eventId === null ? <span class="muted">none</span> : <span class="mono">{eventId}</span>}
        </Fact>
        <Fact name="Kafka">
          {partition === null ? (
            <span class="muted">no offset</span>
          ) : (
            `partition ${partition}, offset ${offset ?? "–"}`
          )}
        </Fact>
        <Fact name="Key">
          {key === null ? <span class="muted">none</span> : <span class="mono">{key}</span>}
          {keyEncoding === "base64" && <span class="sub">its bytes, as base64</span>}
        </Fact>
        {headers.map(([name, value], i) => (
          <Fact key={`${i} ${name}`} name="Header">
            <span class="mono">
              {name}: {value}
            </span>
          </Fact>
        ))}
        <Times letter={letter} />
        <Fact name="Checked">
          at {letter.stage}, by{" "}
          {letter.contractVersion === null ? "no contract" : `contract version ${letter.contractVersion}`}
          {letter.recordVersion !== (letter.contractVersion ?? 1) && `, as a record of version ${letter.recordVersion}`}
          , Worker <span class="mono">{letter.workerVersion}</span>
        </Fact>
        <Fact name="Replays">
          {letter.replays === 0 ? (
            "none"
          ) : (
            <>
              {letter.replays}, last <FullTime at={letter.replayedAt} />
            </>
          )}
        </Fact>
        <Fact name="Ended">
          {letter.outcome && (
            <>
              {letter.outcome}, <FullTime at={letter.settledAt} />
            </>
          )}
        </Fact>
        <Fact name="Run">
          {letter.runId && (
            <a class="mono" href={hrefOf(["runs", letter.runId])}>
              {letter.runId}
            </a>
          )}
        </Fact>
        <Fact name="Discarded">
          {letter.discardReason && (
            <>
              “{letter.discardReason}”, <FullTime at={letter.discardedAt} />
            </>
          )}
        </Fact>
        <Fact name="Trace">{letter.traceparent && <span class="mono">{letter.traceparent}</span>}</Fact>
        <Fact name="Letter">
          <span class="mono">{id}</span> · <a href={hrefOf(["audit"], { target: id })}>audit</a>
        </Fact>
      </Facts>
    </section>
  );
}

const Times = ({ letter }: { readonly letter: Letter }) => (
  <>
    <Fact name="Sent">{letter.timestampMs !== null && <FullTime at={letter.timestampMs} />}</Fact>
    <Fact name="Received">
      <FullTime at={letter.receivedAt} />
    </Fact>
    <Fact name="First failed">
      <FullTime at={letter.firstFailedAt} />
    </Fact>
    <Fact name="Last failed">
      <FullTime at={letter.lastFailedAt} />
      {letter.failures > 1 && <span class="muted"> · {letter.failures} times</span>}
    </Fact>
  </>
);
