import { useState } from "preact/hooks";
import type { DeviceEventJson } from "#ops/device-api.ts";
import { Badge } from "../../parts/badge.tsx";
import { Empty } from "../../parts/states.tsx";
import { FullTime, formatClock, Time } from "../../parts/time.tsx";
import { idOf } from "./live.ts";
import { dataLine, splitTopic } from "./words.ts";

/** Events shown at first: about a screen. */
const SHOWN = 25;

type EventListProps = { readonly events: readonly DeviceEventJson[]; readonly fresh: ReadonlySet<string> };

/** The history of a device, newest event first, each with its data. */
export function EventList({ events, fresh }: EventListProps) {
  const [showsAll, setShowsAll] = useState(false);
  if (events.length === 0) {
    return <Empty title="No events">Where only watched devices keep their events, they are kept from now on.</Empty>;
  }
  const shown = showsAll ? events : events.slice(0, SHOWN);
  return (
    <>
      <ol class="events" aria-label="Events, newest first">
        {shown.map((event) => (
          <Entry key={idOf(event)} event={event} isFresh={fresh.has(idOf(event))} />
        ))}
      </ol>
      {shown.length < events.length && (
        <button type="button" onClick={() => setShowsAll(true)}>
          Show all {events.length}
        </button>
      )}
    </>
  );
}

function Entry({ event, isFresh }: { readonly event: DeviceEventJson; readonly isFresh: boolean }) {
  const { topic, occurredAt, eventId, data } = event;
  const [entity, action] = splitTopic(topic);
  return (
    <li class={isFresh ? "fresh" : undefined}>
      <details data-event={idOf(event)}>
        <summary>
          <span class={`about of-${entity}`}>
            <strong>{entity}</strong> {action}
          </span>
          <span class="said">{dataLine(data)}</span>
          {isFresh && <Badge tone="info">New</Badge>}
          <span class="muted clock from-wide">{formatClock(occurredAt)}</span>
          <span class="muted when">
            <Time at={occurredAt} />
          </span>
        </summary>
        <dl class="device-facts">
          <div>
            <dt>Occurred</dt>
            <dd>
              <FullTime at={occurredAt} />
            </dd>
          </div>
          <div>
            <dt>Topic</dt>
            <dd class="mono breakable">{topic}</dd>
          </div>
          <div>
            <dt>Event id</dt>
            <dd class="mono breakable">{eventId}</dd>
          </div>
        </dl>
        <pre class="data">{JSON.stringify(data, null, 2)}</pre>
      </details>
    </li>
  );
}
