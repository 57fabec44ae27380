import type { FlowState, ObjectiveState } from "#telemetry/overview.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";

const STATE_TONES: Readonly<Record<FlowState, Tone>> = {
  flowing: "good",
  failing: "bad",
  quiet: "quiet",
  late: "warn",
  stalled: "bad",
  silent: "quiet",
};

export const StateBadge = ({ state }: { readonly state: FlowState }) => (
  <Badge tone={STATE_TONES[state]}>{state}</Badge>
);

const OBJECTIVE_TONES: Readonly<Record<ObjectiveState, Tone>> = {
  met: "good",
  "burning slowly": "warn",
  "burning fast": "bad",
  spent: "bad",
  unknown: "quiet",
};

export const ObjectiveBadge = ({ state }: { readonly state: ObjectiveState }) => (
  <Badge tone={OBJECTIVE_TONES[state]}>{state}</Badge>
);
