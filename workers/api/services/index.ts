import type { Scope } from "../../../src/shared/auth/scope.ts";
import type { Consistency } from "../../../src/shared/repositories/consistency.ts";
import { ReadSession } from "../../../src/shared/repositories/read-session.ts";
import { deviceObjects, type Env, metricsObject } from "../env.ts";
import { Alerts } from "./alerts.ts";
import { Customers } from "./customers.ts";
import { Dealers } from "./dealers.ts";
import { Devices } from "./devices.ts";

/** Everything that can be read, as one caller may see it, over one session of D1. */
export type Services = ReturnType<typeof openServices>;

export function openServices(env: Env, scope: Scope, consistency: Consistency) {
  const session = new ReadSession(env.DB, { consistency });
  return {
    session,
    devices: new Devices({ scope, session, objectOf: deviceObjects(env), commands: env.INGEST_COMMANDS }),
    alerts: new Alerts({ scope, session, commands: env.INGEST_COMMANDS }),
    dealers: new Dealers({ scope, session }),
    customers: new Customers({ scope, session }),
    /** Of the whole platform, with nobody's data in it. */
    metrics: metricsObject(env),
  };
}
