import * as z from "zod";

/** Why an operator does something, for the audit log. Its message is also that of the length's checks. */
export const Why = z.string("must say why, in 1 to 500 characters").trim().min(1).max(500);
