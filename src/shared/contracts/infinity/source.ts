import { defineSource } from "../define-source.ts";

export const infinity = defineSource({
  name: "infinity",
  title: "Infinity",
  precedence: 10,
  takes: { acknowledgeAlert: true, setDesiredState: true },
  example: { occurredAt: "2026-11-23T13:00:00.123Z", deviceId: "2318W012345" },
});
