import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ALERT_KINDS } from "../../src/shared/desk/alert-rules.ts";
import { REASONS } from "../../src/shared/desk/reasons.ts";

const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");

it.each([...REASONS])("docs/runbook.md says what to do about %s", (reason) => {
  expect(runbook).toMatch(new RegExp(`^\\| .*\`${reason}\``, "m"));
});

it.each([...ALERT_KINDS])("docs/runbook.md says what to do about the alert %s", (kind) => {
  expect(runbook).toMatch(new RegExp(`^\\| \`${kind}\``, "m"));
});
