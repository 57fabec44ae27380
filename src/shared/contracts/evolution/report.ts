import { canonicalText } from "#domain/register.ts";
import type { Counterexample, Judgement, Verdict } from "./judge.ts";

const WORDS: Readonly<Record<Verdict, string>> = {
  unchanged: "unchanged",
  compatible: "compatible",
  upcast: "read through its upcaster",
  breaking: "breaking",
  gone: "gone",
};

/** What changed of each topic that changed, for people. Nothing is said of the others but their number. */
export function reportLines(judgements: readonly Judgement[], added: readonly string[]): string[] {
  const changed = judgements.filter(({ verdict, problems }) => verdict !== "unchanged" || problems.length > 0);
  const unchanged = judgements.length - changed.length;
  return [
    ...changed.flatMap(linesOf),
    ...added.map((topic) => `${topic}: new`),
    `${unchanged} of ${judgements.length} released topics are unchanged.`,
  ];
}

function linesOf({ topic, verdict, from, to, problems, notes, reviewed }: Judgement): string[] {
  const versions = to === null || to === from ? `version ${from}` : `version ${from} to ${to}`;
  const isReviewed = reviewed !== undefined && problems.length === 0;
  return [
    `${topic}: ${WORDS[verdict]}, ${versions}${isReviewed ? `; reviewed: ${reviewed}` : ""}`,
    ...notes.map((note) => `  - ${note}`),
    ...problems.flatMap(({ what, counterexample }) => [
      `  ✗ ${what}`,
      ...(counterexample ? linesOfExample(counterexample) : []),
    ]),
  ];
}

function linesOfExample({ about, value, was, now }: Counterexample): string[] {
  const said = (reading: unknown) => (typeof reading === "string" ? reading : canonicalText(reading ?? null));
  return [
    `    event: ${JSON.stringify(value)}  (${about})`,
    `    - then: ${said(was)}`,
    `    + now:  ${now === undefined ? "refused" : said(now)}`,
  ];
}
