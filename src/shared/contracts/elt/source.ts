import { defineSource } from "../define-source.ts";

export const elt = defineSource({
  name: "elt",
  title: "ELT",
  precedence: 20,
  takes: { acknowledgeAlert: true, setDesiredState: true },
  example: { occurredAt: "2026-11-23T07:00:00.123-06:00", deviceId: "ELT45-00917" },
});
