import { defineSource } from "../define-source.ts";

export const ecobee = defineSource({
  name: "ecobee",
  title: "ecobee",
  precedence: 30,
  takes: { acknowledgeAlert: true, setDesiredState: true },
  example: { occurredAt: "2026-11-23T08:00:00.123-05:00", deviceId: "318324702718" },
});
