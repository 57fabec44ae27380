import type { ComponentChildren } from "preact";
import type { DeviceDetail } from "#ops/device-api.ts";
import { Badge } from "../../parts/badge.tsx";
import { formatCount } from "../../parts/numbers.ts";
import { Day, Time } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import type { Liveness } from "./live.ts";
import { capitalize, placeLine, reportLine, STATUS_TONES } from "./words.ts";

type DeviceHeadProps = { readonly device: DeviceDetail; readonly liveness?: Liveness };

/** The device's key, status and facts, and whether they are followed. */
export function DeviceHead({ device, liveness }: DeviceHeadProps) {
  const { key, status, report, location, counts, dealerId } = device;
  const dealer = device.assignments.find(({ to }) => to === null);
  return (
    <header class="card device-head">
      <div class="row spread">
        <h1 class="row">
          <span class="mono key">{key}</span>
          <Badge tone={STATUS_TONES[status]}>{capitalize(status)}</Badge>
          {counts.openAlerts !== 0 && (
            <Badge tone="bad">
              {counts.openAlerts === null ? "Many" : formatCount(counts.openAlerts)} open{" "}
              {counts.openAlerts === 1 ? "alert" : "alerts"}
            </Badge>
          )}
        </h1>
        {liveness && <LiveMark liveness={liveness} />}
      </div>
      <dl class="device-facts">
        <Fact name="Last report">
          {report ? (
            <>
              {reportLine(report) || "online"} <span class="muted">·</span> <Time at={report.reportedAt} />
            </>
          ) : (
            <span class="muted">none yet</span>
          )}
        </Fact>
        <Fact name="Dealer">
          {dealerId === null ? (
            <span class="muted">none</span>
          ) : (
            <a href={hrefOf(["devices"], { dealer: dealerId })}>
              {dealer?.dealerId === dealerId && dealer.dealerName ? `${dealer.dealerName} (${dealerId})` : dealerId}
            </a>
          )}
        </Fact>
        <Fact name="Customer">{device.customerId ?? <span class="muted">none</span>}</Fact>
        <Fact name="Model">{device.model ?? <span class="muted">unknown</span>}</Fact>
        <Fact name="Firmware">{device.firmware ?? <span class="muted">unknown</span>}</Fact>
        <Fact name="Serial number">
          <span class="mono">{device.serialNumber ?? <span class="muted">unknown</span>}</span>
        </Fact>
        <Fact name="Place">{location ? placeLine(location) : <span class="muted">unknown</span>}</Fact>
        <Fact name="Registered">
          {device.registeredAt === null ? <span class="muted">never</span> : <Day at={device.registeredAt} />}
        </Fact>
        <Fact name="Newest event">
          <Time at={device.updatedAt} />
        </Fact>
        {device.features.length > 0 && <Fact name="Features">{device.features.join(", ")}</Fact>}
      </dl>
    </header>
  );
}

const Fact = ({ name, children }: { readonly name: string; readonly children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const LIVE_WORDS: Readonly<Record<Liveness["kind"], string>> = {
  connecting: "Connecting…",
  live: "Live",
  broken: "Not live",
};

/** Shows by a word and a dot whether the page is live. */
const LiveMark = ({ liveness }: { readonly liveness: Liveness }) => (
  <p class={`live-mark ${liveness.kind}`} role="status">
    <span class="dot" aria-hidden="true" />
    {LIVE_WORDS[liveness.kind]}
    {liveness.kind === "broken" && <span class="because">: {liveness.refusal.message} Trying again.</span>}
  </p>
);
