import "./scalars.ts";
import "./device.ts";
import "./dealer.ts";
import "./customer.ts";
import "./alert.ts";
import "./fleet-statistics.ts";
import "./freshness.ts";
import "./viewer.ts";
import "./acknowledge-alert.ts";
import "./set-desired-state.ts";
import "./subscription.ts";
import "./subscription-of-many.ts";
import { builder } from "./builder.ts";

/** Each type has a file of its own, with the query fields that lead to it. */
export const schema = builder.toSchema();
