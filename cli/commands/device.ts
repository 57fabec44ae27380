import type { DeviceDetail } from "#ops/device-api.ts";
import type { DeviceAsOf } from "#ops/readings-api.ts";
import { UsageError } from "../command/usage-error.ts";
import { opsCommand } from "../ops/ops-command.ts";
import type { QuietTerminal } from "../terminal/output.ts";
import { toneOf } from "../terminal/paint.ts";
import { printable, truncate } from "../terminal/printable.ts";
import { formatTime, formatTimeAndAge } from "../terminal/times.ts";

export const device = opsCommand({
  arguments: { key: { summary: "{source}:{deviceId}; case matters" } },
  options: {
    "as-of": { value: "time", summary: "As it was then: by the events that had occurred (RFC 3339, from the archive)" },
    "known-at": { value: "time", summary: "As it was known then; beside --as-of, instead of by what is known now" },
  },
  examples: [
    "concord device elt:t-1",
    "concord device elt:t-1 --as-of 2026-11-23T13:00:00Z",
    "concord device elt:t-1 --as-of 2026-11-23T13:00:00Z --known-at 2026-11-24T00:00:00Z --json",
  ],
  run: async ({ client, print, nowMs, terminal }, { key, "as-of": asOf, "known-at": knownAt }) => {
    const path = `/devices/${encodeURIComponent(key)}`;
    if (asOf === undefined) {
      if (knownAt !== undefined) throw new UsageError("--known-at goes with --as-of: give the time that it was");
      const now = await client.get<DeviceDetail>(path);
      print(now, () => describe(now, { nowMs, terminal }));
      return;
    }
    const then = await client.get<DeviceAsOf>(path, { asOf, knownAt });
    print(then, () => [...describe(then.device, { nowMs, terminal }), "", ...describeTimes(then)]);
  },
});

const describeTimes = ({ asOf, knownAt, completeUntil, completeSince }: DeviceAsOf): string[] => [
  `as of ${formatTime(asOf)}, known at ${formatTime(knownAt)}; the names of dealers are those of now`,
  `complete for what was received ${completeSince ? `from ${formatTime(completeSince)} on, ` : ""}before ${formatTime(completeUntil)}; of what came later, the newest events are in it`,
  ...(completeSince === null
    ? []
    : [
        `what was received before ${formatTime(completeSince)} may be missing: the archive does not reach further back`,
      ]),
];

type Showing = { readonly nowMs: number; readonly terminal: Pick<QuietTerminal, "width" | "paint"> };

function describe(shown: DeviceDetail, { nowMs, terminal: { width, paint } }: Showing): string[] {
  const cut = (line: string) => truncate(printable(line), Math.max(width, 40));
  const line = ([name, value]: readonly [string, string | null]) => cut(`${name.padEnd(12)}${value ?? "–"}`);
  const { report, assignments, alerts, counts } = shown;
  const [first = "", ...others] = [
    ["device", `${shown.key} (${shown.status})`],
    ["serial", shown.serialNumber],
    ["model", shown.model],
    ["firmware", shown.firmware],
    ["registered", formatTime(shown.registeredAt)],
    ["newest", formatTimeAndAge(shown.updatedAt, nowMs)],
    ["dealer", shown.dealerId],
    ["customer", shown.customerId],
    ["report", report && `${describeReport(report)}, ${formatTime(report.reportedAt)}`],
  ].map((fact) => line(fact as [string, string | null]));
  return [
    paint(toneOf(shown.status), first),
    ...others,
    "",
    paint("title", `alerts: ${counts.alerts ?? "many"}, open: ${counts.openAlerts ?? "many"}`),
    ...alerts.map(({ alertId, state, severity, code, raisedAt }) =>
      cut(`  ${formatTime(raisedAt)}  ${state.padEnd(12)} ${severity ?? "–"}  ${alertId} ${code ?? ""}`),
    ),
    "",
    paint("title", "dealers"),
    ...assignments.map(({ dealerId, dealerName, from, to }) =>
      cut(`  ${formatTime(from)} – ${to === null ? "now" : formatTime(to)}  ${dealerId ?? "none"} ${dealerName ?? ""}`),
    ),
  ];
}

const describeReport = (report: NonNullable<DeviceDetail["report"]>): string =>
  [
    report.online ? "online" : "offline",
    report.mode,
    report.indoorTemperatureC !== undefined && `${report.indoorTemperatureC} °C inside`,
    report.heatSetpointC !== undefined && `heats to ${report.heatSetpointC} °C`,
    report.coolSetpointC !== undefined && `cools to ${report.coolSetpointC} °C`,
    report.humidityPct !== undefined && `${report.humidityPct} % humidity`,
  ]
    .filter(Boolean)
    .join(", ");
