import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { keptOf, RETENTION } from "#archive/retention.ts";

const page = await readFile(new URL("../docs/retention.md", import.meta.url), "utf8");

it("docs/retention.md says of every topic what the table of retentions says", () => {
  const days = (count: number | null) => (count === null ? "for ever" : `${count} days`);
  const row = (name: string, { letterValueDays, letterDays, archiveDays }: ReturnType<typeof keptOf>) =>
    `| ${name} | ${days(letterValueDays)} | ${days(letterDays)} | ${days(archiveDays)} |`;
  const topics = Object.keys(RETENTION.topics).map((topic) => row(`\`${topic}\``, keptOf(topic)));
  const rows = page
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(1);
  expect(rows).toEqual([...topics, row("every other", RETENTION.every)]);
});

it("it says how much a device's object and a group of letters keep", () => {
  expect(page).toContain(`its newest ${RETENTION.objectEvents.toLocaleString("en")} events at most`);
  expect(page).toContain(`more than ${RETENTION.letterValuesAGroup.toLocaleString("en")} of them`);
});
