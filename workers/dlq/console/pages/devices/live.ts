import { useEffect, useRef, useState } from "preact/hooks";
import type {
  DeviceChangeJson,
  DeviceDetail,
  DeviceEventJson,
  DeviceEventPage,
} from "../../../../../src/shared/desk/device-api.ts";
import { type Answer, useAnswer, useStream } from "../../answer.ts";
import type { Refusal } from "../../client.ts";

/** Whether what is shown moves by itself. */
export type Liveness =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "broken"; readonly refusal: Refusal };

export type LiveDevice = {
  readonly detail: Answer<DeviceDetail>;
  readonly events: Answer<DeviceEventPage>;
  /** Ids of the events that came since the page was opened. */
  readonly fresh: ReadonlySet<string>;
  readonly liveness: Liveness;
};

/** All that a device remembers: a page of its events holds no more. */
const EVERY_EVENT = 100;

/**
 * A device and its events, read anew with each change that its stream tells. What the change says itself is shown at
 * once; alerts and assignments stand elsewhere, and are read.
 */
export function useLiveDevice(deviceKey: string): LiveDevice {
  const path = `/devices/${encodeURIComponent(deviceKey)}`;
  const detail = useAnswer<DeviceDetail>(path);
  const events = useAnswer<DeviceEventPage>(`${path}/events?first=${EVERY_EVENT}`);
  const isKnown = detail.data !== undefined;
  const revision = useRef<number | undefined>(undefined);
  const [told, setTold] = useState<readonly DeviceEventJson[]>([]);
  const [newest, setNewest] = useState<DeviceChangeJson>();
  const readAnew = useRestrained(() => {
    detail.reload();
    events.reload();
  });
  const refusal = useStream<DeviceChangeJson>(isKnown ? `${path}/live` : null, (change) => {
    // Every connection begins with a snapshot. One of another revision says that something was missed, and the first
    // may: what was read before it is of no known revision.
    const isSeen = change.kind === "snapshot" && revision.current === change.revision;
    revision.current = change.revision;
    setNewest(change);
    const { event } = change;
    if (event) setTold((last) => [event, ...last].slice(0, EVERY_EVENT));
    if (!isSeen) readAnew();
  });
  const first = useRef<ReadonlySet<string> | undefined>(undefined);
  first.current ??= events.data && new Set(events.data.events.map(idOf));
  const shown = events.data && withTold(events.data, told);
  return {
    detail: { ...detail, data: detail.data && withChange(detail.data, newest) },
    events: { ...events, data: shown },
    fresh: new Set(shown?.events.map(idOf).filter((id) => !first.current?.has(id))),
    liveness: refusal ? { kind: "broken", refusal } : { kind: newest ? "live" : "connecting" },
  };
}

/** One source's event ids are unique among those of a topic. */
export const idOf = ({ topic, eventId }: DeviceEventJson): string => `${topic}/${eventId}`;

function withChange(detail: DeviceDetail, change: DeviceChangeJson | undefined): DeviceDetail {
  const isNewer = change?.device && change.device.updatedAt >= detail.updatedAt;
  return isNewer ? { ...detail, ...change.device } : detail;
}

/** Newest first, whatever came in which order. */
function withTold(page: DeviceEventPage, told: readonly DeviceEventJson[]): DeviceEventPage {
  const known = new Set(page.events.map(idOf));
  const missing = told.filter((event) => !known.has(idOf(event)));
  if (missing.length === 0) return page;
  const events = [...missing, ...page.events].sort((a, b) => (a.occurredAt < b.occurredAt ? 1 : -1));
  return { ...page, events };
}

/** A burst of changes is read when it begins, and then once in so long. */
const CALM_MS = 1_000;

function useRestrained(action: () => void): () => void {
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
    }, CALM_MS);
  };
  return ask;
}
