import * as z from "zod";
import type { Change } from "#domain/change.ts";
import { dealer, reason } from "../fields.ts";

const assigned = z.object({ dealer });

export const dealerAssigned = {
  summary: "A device was assigned to a dealer; the event includes the dealer's details.",
  data: assigned,
  toChange: ({ dealer }: z.output<typeof assigned>): Change => ({ dealer }),
};

export const dealerUnassigned = {
  summary: "A device was removed from its dealer.",
  data: reason,
  toChange: (): Change => ({ dealer: null }),
};
