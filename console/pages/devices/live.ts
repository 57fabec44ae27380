import { useEffect, useRef, useState } from "preact/hooks";
import type { DeviceChangeJson, DeviceDetail, DeviceEventJson, DeviceEventPage } from "#ops/device-api.ts";
import { type Answer, useAnswer, useStream } from "../../answer.ts";
import type { Refusal } from "../../client.ts";

/** Whether the page receives changes. */
export type Liveness =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "broken"; readonly refusal: Refusal };

export type LiveDevice = {
  readonly detail: Answer<DeviceDetail>;
  readonly events: Answer<DeviceEventPage>;
  /** Ids of the events that have arrived since the page was opened. */
  readonly fresh: ReadonlySet<string>;
  readonly liveness: Liveness;
};

/** The size of a device's history, which fits one page. */
const EVERY_EVENT = 100;

/**
 * A device and its events, which are read again after each change of its stream. The device and event in the change are
 * shown at once; alerts and assignments are not in it, and have to be read.
 */
export function useLiveDevice(deviceKey: string): LiveDevice {
  const path = `/devices/${encodeURIComponent(deviceKey)}`;
  const detail = useAnswer<DeviceDetail>(path);
  const events = useAnswer<DeviceEventPage>(`${path}/events?first=${EVERY_EVENT}`);
  const isKnown = detail.data !== undefined;
  const revision = useRef<number | undefined>(undefined);
  const [arrived, setArrived] = useState<readonly DeviceEventJson[]>([]);
  const [newest, setNewest] = useState<DeviceChangeJson>();
  const readAgain = useThrottled(() => {
    detail.reload();
    events.reload();
  });
  const refusal = useStream<DeviceChangeJson>(isKnown ? `${path}/live` : null, (change) => {
    // Each connection begins with a snapshot. If its revision is another one, changes were missed. The first may differ
    // too, since the revision of what was read before it is unknown.
    const isSeen = change.kind === "snapshot" && revision.current === change.revision;
    revision.current = change.revision;
    setNewest(change);
    const { event } = change;
    if (event) setArrived((last) => [event, ...last].slice(0, EVERY_EVENT));
    if (!isSeen) readAgain();
  });
  const first = useRef<ReadonlySet<string> | undefined>(undefined);
  first.current ??= events.data && new Set(events.data.events.map(idOf));
  const shown = events.data && withArrived(events.data, arrived);
  return {
    detail: { ...detail, data: detail.data && withChange(detail.data, newest) },
    events: { ...events, data: shown },
    fresh: new Set(shown?.events.map(idOf).filter((id) => !first.current?.has(id))),
    liveness: refusal ? { kind: "broken", refusal } : { kind: newest ? "live" : "connecting" },
  };
}

/** Event ids are unique within a topic. */
export const idOf = ({ topic, eventId }: DeviceEventJson): string => `${topic}/${eventId}`;

function withChange(detail: DeviceDetail, change: DeviceChangeJson | undefined): DeviceDetail {
  const isNewer = change?.device && change.device.updatedAt >= detail.updatedAt;
  return isNewer ? { ...detail, ...change.device } : detail;
}

/** Adds the events that have arrived, newest first in any order of arrival. */
function withArrived(page: DeviceEventPage, arrived: readonly DeviceEventJson[]): DeviceEventPage {
  const known = new Set(page.events.map(idOf));
  const missing = arrived.filter((event) => !known.has(idOf(event)));
  if (missing.length === 0) return page;
  const events = [...missing, ...page.events].sort((a, b) => (a.occurredAt < b.occurredAt ? 1 : -1));
  return { ...page, events };
}

/** A burst of changes is read at its start, and then at most once per this time. */
const THROTTLE_MS = 1_000;

function useThrottled(action: () => void): () => void {
  const latest = useRef(action);
  latest.current = action;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const isDue = useRef(false);
  useEffect(() => () => clearTimeout(timer.current), []);
  const ask = () => {
    isDue.current = timer.current !== undefined;
    if (isDue.current) return;
    latest.current();
    timer.current = setTimeout(() => {
      timer.current = undefined;
      if (isDue.current) ask();
    }, THROTTLE_MS);
  };
  return ask;
}
