import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { OpsAccess } from "#auth/ops-access.ts";
import { OPS_ROLES } from "#auth/ops-role.ts";
import { REASONS } from "#letters/reasons.ts";
import { ALERT_KINDS } from "#ops/alert-rules.ts";

const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");

it.each([...REASONS])("docs/runbook.md says what to do about %s", (reason) => {
  expect(runbook).toMatch(new RegExp(`^\\| .*\`${reason}\``, "m"));
});

it.each([...ALERT_KINDS])("docs/runbook.md says what to do about the alert %s", (kind) => {
  expect(runbook).toMatch(new RegExp(`^\\| \`${kind}\``, "m"));
});

it.each([...OPS_ROLES])("docs/runbook.md says what the role %s may do", (role) => {
  expect(runbook).toMatch(new RegExp(`^\\| \`${role}\``, "m"));
});

it("docs/runbook.md shows settings of Access that are read", () => {
  const shown = /^```json\n(\{\n {2}"issuer".*?)^```/ms.exec(runbook)?.[1] ?? "";
  expect(OpsAccess.parse(JSON.parse(shown))).toMatchObject({
    viewers: ["*@example.com"],
    services: { "0123456789abcdef.access": "scraper" },
  });
});
