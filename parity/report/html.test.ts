import { describe, expect, it } from "vitest";
import { example, field, fullReport, HOSTILE, report, TIME } from "../../test/support/parity-report.ts";
import { reportHtml } from "./html.ts";
import { marked } from "./marked.ts";
import { headline } from "./words.ts";

/** What a reader sees. */
const textOf = (html: string) =>
  html
    .replace(/<style>.*?<\/style>/s, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");

describe("the report for people", () => {
  it("says at its top what the verdict is, and of which systems", () => {
    const text = textOf(reportHtml(report()));
    expect(text).toMatch(
      /Not clean 2 differences in 1 field of 2 items old https:\/\/old\.example\/graphql 300 requests new/,
    );
    expect(text).toContain("99.00 % of 200 values match");
  });

  it("shows an example with the part marked in which the values are different, and its likely cause", () => {
    const html = reportHtml(report());
    expect(html).toContain(
      '<td class="value">&quot;Alto<mark> 2</mark>&quot;</td><td class="value">&quot;Alto&quot;</td>',
    );
    expect(textOf(html)).toContain("2 × the new side&#39;s text is cut off");
  });

  it("loads nothing and runs nothing, whatever the sides have answered", () => {
    const html = reportHtml(fullReport(HOSTILE));
    expect(html).not.toMatch(/<script|<img|\u202e|<link|<iframe|url\(|@import/);
    expect(html.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\s(on\w+|src)=/);
    expect(html).toContain("default-src 'none'");
    expect(html).toContain("U+202E");
  });

  it("has what is ignored, why, and for how long, and says which rule is no longer needed", () => {
    const rule = { field: "device.model", reason: "HVAC-12", until: "2026-12-31", examples: [] };
    const text = textOf(
      reportHtml(
        report({
          ignored: [
            { ...rule, differences: 3 },
            { ...rule, differences: 0 },
          ],
        }),
      ),
    );
    expect(text).toMatch(/device\.model HVAC-12 2026-12-31 32 days left 3 .*no longer needed/);
  });

  it("has the noise of the control run, errors, what was settled and what nothing compares", () => {
    const text = textOf(
      reportHtml(
        report({
          noise: [
            {
              document: "device",
              field: "device.requestId",
              compared: 25,
              differed: 24,
              isLeftOut: true,
              differences: 90,
              examples: [],
            },
          ],
          errors: [{ document: "device", message: "new: boom", count: 2, ids: ["elt:E-4"] }],
          settled: [{ ...example(), state: "lagging" }],
          notCompared: [{ document: "device", side: "old", fields: ["getDevice.ttl"] }],
        }),
      ),
    );
    for (const part of [
      "device.requestId 24 of 25 the whole field 90",
      "new: boom 2 elt:E-4",
      "lagging the new side",
      "device old getDevice.ttl",
    ])
      expect(text).toContain(part);
  });

  it("tells how an item is compared again", () => {
    const ids = [{ document: "device", id: "elt:E-1", differences: 2, fields: ["device.model", "device"] }];
    const text = textOf(reportHtml(report({ ids })));
    expect(text).toContain("npx concord parity --config parity.yaml --document device --id elt:E-1");
    expect(text).toContain("elt:E-1 device 2 model, as a whole");
  });

  it("has only sections with something in them", () => {
    const text = textOf(reportHtml(report({ verdict: "clean", fields: [field("device.model")] })));
    for (const title of [
      "Examples",
      "Items to look at",
      "Ignored",
      "Noise",
      "Could not be",
      "no longer there",
      "Selected, and",
    ])
      expect(text).not.toContain(title);
  });
});

describe("a verdict in words", () => {
  it.each([
    [{ verdict: "clean", fields: [] }, "Clean: 100 items, 200 values, and no difference"],
    [
      { verdict: "clean", clean: { from: TIME, to: TIME, forMs: 3_600_000, neededMs: 3_600_000 } },
      "Clean: nothing has differed for 1 h",
    ],
    [{}, "2 differences in 1 field of 2 items"],
    [{ ending: "stopped" }, "2 differences in 1 field of 2 items, so far"],
    [
      { verdict: "errors", totals: { ...report().totals, error: 3 } },
      "Nothing differs, but 3 values could not be compared",
    ],
    [{ verdict: "unfinished", ending: "stopped" }, "Stopped after 100 of 100 items: nothing differs so far"],
    [
      { verdict: "unfinished", ending: "time is up", clean: { from: null, to: null, forMs: 0, neededMs: 3_600_000 } },
      "Not clean for 1 h when the time was up: nothing differs now",
    ],
  ])("%j", (more, expected) => {
    expect(headline(report(more))).toBe(expected);
  });
});

describe("two values side by side", () => {
  const shown = (old: string, newer: string, at = "model") =>
    marked({ old, new: newer, at, kind: "mismatch" }).map((each) => each?.text ?? null);

  it.each([
    ["abc", "abd", ["ab<mark>c</mark>", "ab<mark>d</mark>"]],
    ["2026-11-23T06:00", "2026-11-23T12:00", ["2026-11-23T<mark>06</mark>:00", "2026-11-23T<mark>12</mark>:00"]],
    ["aa", "aaa", ["aa", "aa<mark>a</mark>"]],
    ["👩‍🔧", "👩‍🚀", ["<mark>👩‍🔧</mark>", "<mark>👩‍🚀</mark>"]],
    ["null", '"x"', [null, "&quot;x&quot;"]],
  ])("%s and %s", (old, newer, expected) => {
    expect(shown(old, newer)).toEqual(expected);
  });

  it("of an item of a list say whether it is there", () => {
    expect(shown('"present"', '"absent"', "alerts[A]")).toEqual(["it is there", null]);
  });
});
