import type { AlertJson, DeviceDetail } from "#ops/device-api.ts";
import { Badge } from "../../parts/badge.tsx";
import { formatCount } from "../../parts/numbers.ts";
import { Empty } from "../../parts/states.tsx";
import { Time } from "../../parts/time.tsx";
import { ALERT_STATE_TONES, capitalize, SEVERITY_TONES } from "./words.ts";

/** The open alerts of a device. Cleared ones are in the timeline. */
export function Alerts({ device: { alerts, counts } }: { readonly device: DeviceDetail }) {
  const standing = alerts.filter(({ state }) => state !== "CLEARED");
  return (
    <section class="card" aria-labelledby="alerts">
      <h2 id="alerts" class="row spread">
        Open alerts
        {counts.alerts !== null && counts.alerts > 0 && (
          <span class="muted aside-note">{formatCount(counts.alerts)} in total</span>
        )}
      </h2>
      {standing.length === 0 ? (
        <Empty title="No open alerts" />
      ) : (
        <ul class="plain-list">
          {standing.map((alert) => (
            <Standing key={alert.alertId} alert={alert} />
          ))}
        </ul>
      )}
    </section>
  );
}

const Standing = ({
  alert: { alertId, code, severity, state, text, raisedAt, ...answer },
}: {
  readonly alert: AlertJson;
}) => (
  <li>
    <p class="row">
      {severity && <Badge tone={SEVERITY_TONES[severity]}>{capitalize(severity)}</Badge>}
      <strong class="mono">{code ?? alertId}</strong>
      {state === "ACKNOWLEDGED" && <Badge tone={ALERT_STATE_TONES[state]}>{capitalize(state)}</Badge>}
      <span class="muted push">{raisedAt === null ? "time unknown" : <Time at={raisedAt} />}</span>
    </p>
    {text && <p>{text}</p>}
    {answer.acknowledgedAt && (
      <p class="muted note">
        Acknowledged <Time at={answer.acknowledgedAt} />
        {answer.acknowledgedBy && ` by ${answer.acknowledgedBy}`}
      </p>
    )}
  </li>
);
