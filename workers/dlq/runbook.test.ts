import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { REASONS } from "#letters/reasons.ts";
import { ALERT_KINDS } from "#ops/alert-rules.ts";

const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");

it.each([...REASONS])("docs/runbook.md says what to do about %s", (reason) => {
  expect(runbook).toMatch(new RegExp(`^\\| .*\`${reason}\``, "m"));
});

it.each([...ALERT_KINDS])("docs/runbook.md says what to do about the alert %s", (kind) => {
  expect(runbook).toMatch(new RegExp(`^\\| \`${kind}\``, "m"));
});
