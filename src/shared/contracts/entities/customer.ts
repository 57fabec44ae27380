import * as z from "zod";
import type { Change } from "#domain/change.ts";
import { customer } from "../fields.ts";

const assigned = z.object({ customer });

export const customerAssigned = {
  summary: "A device was assigned to a customer; the event includes the customer's details.",
  data: assigned,
  toChange: ({ customer }: z.output<typeof assigned>): Change => ({ customer }),
};
