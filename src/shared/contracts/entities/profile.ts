import * as z from "zod";
import type { Change } from "#domain/change.ts";
import { location, text } from "../fields.ts";

const updated = z.object({
  // Owners name their thermostats, often after a person.
  name: text(200).meta({ pii: true }),
  model: text(64).optional(),
  firmware: text(64).optional(),
  features: z.array(text(64)).max(100).optional(),
  location: location.optional(),
});

export const profileUpdated = {
  summary: "A device's profile: its name, model and features. Each event has the whole profile.",
  data: updated,
  toChange: (profile: z.output<typeof updated>): Change => ({ profile }),
};
