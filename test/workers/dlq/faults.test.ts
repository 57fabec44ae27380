import { afterEach, expect, it, vi } from "vitest";
import { operations } from "../../../workers/dlq/operations.ts";
import { loggedErrors } from "../../support/logged-faults.ts";
import { bearerAt, opsOf } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

const broken = new Proxy({}, { get: () => () => Promise.reject(new TypeError("secret: SELECT")) });

it.each([
  ["/ops/api/groups", "operations.failed", { groups: broken }],
  ["/ops/api/devices/elt:1", "ops.request_fault", { devices: { open: () => broken, listen: () => broken } }],
])("a fault of ours at %s has the id of its line in the log, and no detail", async (path, event, parts) => {
  const lines = loggedErrors();
  const app = operations({ ...opsOf().deps, ...(parts as object) });
  const response = await app.request(path, { headers: await bearerAt("viewer") });
  const { error } = (await response.json()) as { error: { id: string } };
  const id = expect.stringMatching(/^[0-9a-f-]{36}$/);
  expect([response.status, error]).toEqual([500, { code: "internal", message: expect.any(String), id }]);
  expect(JSON.stringify(error)).not.toContain("secret");
  expect(lines).toEqual([expect.objectContaining({ event, id: error.id })]);
});
