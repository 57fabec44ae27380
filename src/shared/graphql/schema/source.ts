import { builder } from "./builder.ts";

export const Source = builder.enumType("Source", {
  description: "The upstream system that speaks for a device.",
  values: { INFINITY: { value: "infinity" }, ELT: { value: "elt" }, ECOBEE: { value: "ecobee" } } as const,
});
