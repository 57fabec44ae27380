import { useRef } from "preact/hooks";
import type { DeviceDetail } from "#ops/device-api.ts";
import { Answered, Empty } from "../../parts/states.tsx";
import type { Route } from "../../route.ts";
import { Alerts } from "./alerts.tsx";
import { AsOfControl, AsOfView, asOfIn } from "./as-of.tsx";
import { DeviceHead } from "./device-head.tsx";
import { EventList } from "./event-list.tsx";
import { Letters } from "./letters.tsx";
import { idOf, useLiveDevice } from "./live.ts";
import { ReadingsCard } from "./readings.tsx";
import { Timeline } from "./timeline.tsx";
import { TwinTable } from "./twin-table.tsx";
import { splitTopic } from "./words.ts";

type DeviceViewProps = { readonly deviceKey: string; readonly route: Route };

/** One device, live, or as of the time that the address names. */
export function DeviceView({ deviceKey, route }: DeviceViewProps) {
  const time = asOfIn(route);
  return (
    <article class="stack devices">
      <div class="row spread">
        <a class="back" href="#/devices">
          ← Devices
        </a>
        <AsOfControl key={`${time?.asOf} ${time?.knownAt}`} route={route} shown={time} />
      </div>
      {time ? (
        <AsOfView deviceKey={deviceKey} route={route} time={time} />
      ) : (
        <LiveView deviceKey={deviceKey} route={route} />
      )}
    </article>
  );
}

/** Its dead letters are shown even if it does not exist yet. */
function LiveView({ deviceKey, route }: DeviceViewProps) {
  const live = useLiveDevice(deviceKey);
  const { detail } = live;
  if (detail.refusal?.status === 404 && detail.data === undefined) {
    return (
      <>
        <h1>
          <span class="mono key">{deviceKey}</span>
        </h1>
        <Empty title="No device with this key">
          A key is <code>source:id</code>, and case matters. If records were sent for it, they may be dead letters.
        </Empty>
        <Letters deviceKey={deviceKey} />
      </>
    );
  }
  return (
    <Answered answer={detail} what={`device ${deviceKey}`} rows={8}>
      {(device) => <Known device={device} live={live} route={route} />}
    </Answered>
  );
}

type KnownProps = {
  readonly device: DeviceDetail;
  readonly live: ReturnType<typeof useLiveDevice>;
  readonly route: Route;
};

function Known({ device, live: { events, fresh, liveness }, route }: KnownProps) {
  const list = useRef<HTMLDivElement>(null);
  const newest = events.data?.events.find((event) => fresh.has(idOf(event)));
  const show = (id: string) => {
    const entry = list.current?.querySelector<HTMLDetailsElement>(`[data-event="${CSS.escape(id)}"]`);
    if (!entry) return;
    entry.open = true;
    entry.querySelector("summary")?.focus();
    entry.scrollIntoView({ block: "nearest" });
  };
  return (
    <>
      <DeviceHead device={device} liveness={liveness} />
      <p class="unseen" role="status">
        {newest && `New event: ${splitTopic(newest.topic).join(" ")}`}
      </p>
      <div class="device-grid">
        <section class="card" aria-labelledby="life">
          <Timeline device={device} events={events.data?.events ?? []} fresh={fresh} onPick={show} />
        </section>
        <div class="stack aside">
          <TwinTable device={device} />
          <Alerts device={device} />
          <Letters deviceKey={device.key} />
        </div>
        <ReadingsCard deviceKey={device.key} route={route} reportedAt={device.report?.reportedAt} />
        <section class="card" aria-labelledby="events">
          <h2 id="events">Events</h2>
          <div ref={list}>
            <Answered answer={events} what="events" rows={6}>
              {(page) => <EventList events={page.events} fresh={fresh} />}
            </Answered>
          </div>
        </section>
      </div>
    </>
  );
}
