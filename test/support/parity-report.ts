import { type Example, Report } from "../../parity/report/schema.ts";

export const TIME = "2026-11-30T12:00:00.000Z";
/** Text that would be markup, script, an attribute, or would reverse a line. */
export const HOSTILE = `</td><script>alert(1)</script><img src=x onerror="alert(2)">'&\u202e`;

export const example = (more: Partial<Example> = {}): Example => ({
  ...{
    document: "device",
    id: "elt:E-1",
    field: "device.model",
    at: "model",
    kind: "mismatch",
    old: '"Alto 2"',
    new: '"Alto"',
  },
  ...{ likeness: "the new side's text is cut off", firstSeen: TIME, lastSeen: TIME },
  ...more,
});

export const field = (name: string, more: object = {}) => ({
  ...{ document: "device", field: name, compared: 100, matched: 98, mismatch: 0, missingOld: 0, missingNew: 0 },
  ...{ error: 0, lagging: 0, moved: 0, items: 0, likenesses: [], examples: [] },
  ...more,
});

/** Two differences in one of two fields, and nothing else; with what is given in place of that. */
export function report(more: object = {}): Report {
  const totals = {
    compared: 200,
    match: 198,
    mismatch: 2,
    missingOld: 0,
    missingNew: 0,
    error: 0,
    lagging: 1,
    moved: 0,
    noise: 0,
    ignored: 0,
  };
  return Report.parse({
    ...{
      format: "concord.parity/1",
      verdict: "differences",
      ending: "done",
      startedAt: TIME,
      endedAt: "2026-11-30T12:04:00.000Z",
    },
    ...{
      old: { url: "https://old.example/graphql", requests: 300 },
      new: { url: "https://new.example/graphql", requests: 200 },
    },
    ...{ repeatedRequests: 0, settings: { file: "parity.yaml", seed: 1, round: 1 }, clean: null, totals },
    items: { all: 100, compared: 100, same: 98, differ: 2 },
    fields: [
      field("device.model", {
        mismatch: 2,
        items: 2,
        examples: [example()],
        likenesses: [{ words: "the new side's text is cut off", count: 2 }],
      }),
      field("device.serialNumber"),
    ],
    ...{ differences: [], ids: [], ignored: [], noise: [], errors: [], settled: [], notCompared: [] },
    ...more,
  });
}

/** A report with something in every section, and this text wherever a side, or the settings, may have put it. */
export function fullReport(text: string): Report {
  const of = {
    id: text,
    at: `alerts[${text}].text`,
    old: text,
    new: text,
    likeness: text,
    message: text,
  };
  return report({
    fields: [field(text, { mismatch: 1, examples: [example(of)], likenesses: [{ words: text, count: 1 }] })],
    ids: [{ document: text, id: text, differences: 1, fields: [text] }],
    ignored: [
      {
        field: text,
        ids: [text],
        reason: text,
        until: "2027-01-31",
        differences: 1,
        examples: [example(of)],
      },
    ],
    noise: [
      {
        document: text,
        field: text,
        compared: 1,
        differed: 1,
        isLeftOut: false,
        differences: 1,
        examples: [example(of)],
      },
    ],
    errors: [{ document: text, message: text, count: 1, ids: [text] }],
    settled: [{ ...example(of), state: "moved" }],
    notCompared: [{ document: text, side: "old", fields: [text] }],
    settings: { file: text, seed: 1, round: 1 },
    old: { url: text, requests: 1 },
  });
}
