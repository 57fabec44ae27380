import type { Scope } from "../../src/shared/auth/scope.ts";
import { AlertRepository } from "../../src/shared/repositories/alert.ts";
import { AssignmentRepository } from "../../src/shared/repositories/assignment.ts";
import { CustomerRepository } from "../../src/shared/repositories/customer.ts";
import { DealerRepository } from "../../src/shared/repositories/dealer.ts";
import { DeviceRepository } from "../../src/shared/repositories/device.ts";
import { HistoryRepository } from "../../src/shared/repositories/history.ts";
import { deviceObjects, type Env, openSession } from "./env.ts";
import { loadersOf } from "./loaders.ts";

/** What resolvers work with: who asks, the repositories, and the loaders that gather one request's reads. */
export type Context = ReturnType<typeof openContext>;

export function openContext(env: Env, scope: Scope) {
  const session = openSession(env);
  const repositories = {
    devices: new DeviceRepository(session),
    dealers: new DealerRepository(session),
    customers: new CustomerRepository(session),
    alerts: new AlertRepository(session),
    assignments: new AssignmentRepository(session),
  };
  const load = loadersOf(repositories, scope);
  const history = new HistoryRepository({
    objectOf: deviceObjects(env),
    intervalsOf: (key) => load.intervals.load(key),
  });
  return { scope, ...repositories, history, load };
}
