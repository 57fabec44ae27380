import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CutRecord, RecordCutter } from "./record-cutter.ts";

const digest = () => {
  let text = "";
  return {
    update: (more: string) => {
      text += more;
    },
    finish: () => text,
  };
};
const options = { maxLength: 200, headLength: 50, digest, mayBeArray: true };

/** The records of a text that comes in chunks of these lengths, over and over. */
function cut(text: string, lengths: readonly number[] = [text.length || 1]): CutRecord<string>[] {
  const cutter = new RecordCutter(options);
  const records: CutRecord<string>[] = [];
  for (let at = 0, i = 0; at < text.length; i++) {
    const length = lengths[i % lengths.length] as number;
    records.push(...cutter.push(text.slice(at, at + length)));
    at += length;
  }
  return [...records, ...cutter.end()];
}
/** What the records were, of which only those that are too long may be cut. */
const textsOf = (records: readonly CutRecord<string>[]) =>
  records.map(({ text, cut: whole }) => {
    if (whole === undefined) return text;
    expect(whole.length).toBeGreaterThan(options.maxLength);
    return whole;
  });

const member = fc.tuple(
  fc.string({ maxLength: 8 }),
  fc.oneof(
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.string({ maxLength: 8 }),
    fc.constant({ a: [1, { b: {} }] }),
  ),
);
const object = fc.array(member, { maxLength: 4 }).map((members) => Object.fromEntries(members));
const compact = object.map((value) => JSON.stringify(value));
const indented = object.map((value) => JSON.stringify(value, null, 2));
/** Objects that are not JSON, and end where their brackets do. */
const balanced = fc.constantFrom("{oops}", '{"a":1,}', "{'a':[1]}", '{"a" 1}', '{"a":tru}', '{"a":"\\x"}', "{[}]");
const brokenIndented = fc.constantFrom('{\n  "a": oops,\n  "b": 1\n}', '{\n  "a": 1\n  "b": 2\n}', "{\n  oops\n}");
const cutOff = compact.chain((text) => fc.nat(text.length - 2).map((end) => text.slice(0, end + 1)));
const garbage = fc.constantFrom(
  "oops",
  "not JSON at all",
  "<xml/>",
  "12 apples",
  ") else",
  '"',
  '"text" and more',
  "tru",
  "-",
);
const scalar = fc.constantFrom("12", "-0.5e3", "true", "null", '"text"', '"{"');
const large = fc.constant(`{"a":"${"x".repeat(300)}"}`);
const largeIndented = fc.constant(JSON.stringify({ a: "x".repeat(300), b: [1, "}"] }, null, 2));
const largeGarbage = fc.constant(`large ${"x".repeat(300)}`);

/** What stands between records, and the records that it can tell apart. */
const FORMS: Readonly<Record<string, { of: fc.Arbitrary<string>; join: (records: string[]) => string }>> = {
  "a line each": {
    of: fc.oneof(compact, cutOff, garbage, scalar, balanced, large, largeGarbage, fc.constant("")),
    join: (records) => records.map((record) => `${record}\n`).join(""),
  },
  "a line each, as Windows ends them": {
    of: fc.oneof(compact, cutOff, garbage, scalar, balanced),
    join: (records) => records.map((record) => `${record}\r\n`).join(""),
  },
  "lines without a last end": {
    of: fc.oneof(compact, garbage, scalar, balanced),
    join: (records) => records.join("\n"),
  },
  "printed over many lines": {
    of: fc.oneof(indented, brokenIndented, largeIndented),
    join: (records) => records.map((record) => `${record}\n`).join(""),
  },
  "nothing between": { of: fc.oneof(compact, balanced, indented, large), join: (records) => records.join("") },
  spaces: { of: fc.oneof(compact, balanced), join: (records) => records.join("  ") },
  commas: { of: fc.oneof(compact, balanced, large), join: (records) => records.join(",") },
  "commas and lines": { of: fc.oneof(compact, balanced), join: (records) => records.join(",\n") },
  "byte order marks": {
    of: fc.oneof(compact, balanced),
    join: (records) => records.map((one) => `\ufeff${one}`).join("\n"),
  },
  "record separators": {
    of: fc.oneof(compact, cutOff, garbage, scalar, indented),
    join: (records) => records.map((record) => `\u001e${record}\n`).join(""),
  },
  "an array": { of: fc.oneof(compact, balanced, scalar, large), join: (records) => `[${records.join(",")}]` },
  "an array over many lines": {
    // A comma at the end of a line is the array's.
    of: fc.oneof(compact, balanced, scalar, cutOff).filter((text) => !text.endsWith(",")),
    join: (records) => `[\n${records.join(",\n")}\n]`,
  },
  "an array over many lines, as Windows ends them": {
    of: fc.oneof(compact, balanced, scalar, cutOff).filter((text) => !text.endsWith(",")),
    join: (records) => `[\r\n${records.join(",\r\n")}\r\n]`,
  },
};

it.each(["\n", "\r\n"])("a record of an array that is cut off ends before its comma, whatever follows", (lineEnd) => {
  const records = ['{"a":[1', ...Array.from({ length: 60 }, () => '"text"')];
  expect(textsOf(cut(`[${lineEnd}${records.join(`,${lineEnd}`)}${lineEnd}]`))).toEqual(records);
});

describe("records that stand behind one another", () => {
  it.each(Object.entries(FORMS))("with %s are cut as they were written, wherever chunks end", (_, { of, join }) => {
    fc.assert(
      fc.property(
        fc.array(of, { minLength: 1 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
        (records, lengths) => {
          const text = join(records);
          expect(textsOf(cut(text, lengths))).toEqual(records);
          expect(textsOf(cut(text))).toEqual(records);
        },
      ),
    );
  });

  it("are lists themselves where the text does not begin with one, or may not be an array", () => {
    const list = fc.array(fc.oneof(object, fc.integer())).map((items) => JSON.stringify(items));
    fc.assert(
      fc.property(fc.array(list), (lists) => {
        const lines = (records: string[]) => records.map((record) => `${record}\n`).join("");
        expect(textsOf(cut(lines(["{}", ...lists]), [7]))).toEqual(["{}", ...lists]);
        const cutter = new RecordCutter({ ...options, mayBeArray: false });
        expect(textsOf([...cutter.push(lines(lists)), ...cutter.end()])).toEqual(lists);
      }),
    );
  });

  it.each([
    ["nothing", "", []],
    ["spaces", " \t ", []],
    ["empty lines", "\n\n", ["", ""]],
    ["an empty line between records", '{"a":1}\n\n{"b":2}\n', ['{"a":1}', "", '{"b":2}']],
    ["an empty array", "[]", []],
    ["an array that never ends", '[{"a":1},{"b":2}', ['{"a":1}', '{"b":2}']],
    ["an array that breaks off in a record", '[{"a":1},{"b":', ['{"a":1}', '{"b":']],
    ["a bracket that opens no array", "[cut", ["[cut"]],
    ["an array before a line", '[1,2]\n{"a":1}', ["1", "2", '{"a":1}']],
    ["a list within a list", "[[1],[2]]", ["[1]", "[2]"]],
    ["text behind a record", '{"a":1} oops\n{"b":2}', ['{"a":1}', "oops", '{"b":2}']],
    ["a record behind text", 'oops {"a":1}\n{"b":2}', ['oops {"a":1}', '{"b":2}']],
    ["a line that breaks off before one that is whole", '{"a":[\n{"b":1}\n{"c":2}', ['{"a":[', '{"b":1}', '{"c":2}']],
    ["a string that breaks off", '{"a":"x\n{"b":1}', ['{"a":"x', '{"b":1}']],
    ["words in an array", '[oops, {"a":1}, more words]', ["oops", '{"a":1}', "more words"]],
  ])("%s: %j", (_, text, records) => {
    expect(textsOf(cut(text))).toEqual(records);
    expect(textsOf(cut(text, [1]))).toEqual(records);
  });

  it("of a record that is too large, the beginning is kept and all of it is read", () => {
    const large = `{"a":"${"x".repeat(1_000)}"}`;
    expect(cut(`{}\n${large}\n{}`, [100])).toEqual([
      { text: "{}" },
      { text: large.slice(0, 50), cut: large },
      { text: "{}" },
    ]);
  });

  it.each([
    '{"a":[\n',
    "{\n",
    "[\n",
    '{"a":"\n',
    "[1,\n",
    '{"a":1,\n',
    "{\n \n",
    "{}",
    "{} ",
    "0 ",
    "{oops}",
    "[0,",
    "[{oops},",
  ])("are cut in linear time where each is %j", (written) => {
    // An array is opened once.
    const [start, line] =
      /^\[.+,$/.test(written) && !written.endsWith("1,\n") ? ["[", written.slice(1)] : ["", written];
    const timeOf = (lines: number) => {
      const text = start + line.repeat(lines);
      // Of this thread, since a busy machine makes any wall time longer.
      const before = process.threadCpuUsage();
      const cutter = new RecordCutter({ ...options, maxLength: 512 * 1024 });
      cutter.push(text);
      cutter.end();
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / 1_000;
    };
    timeOf(2_000);
    const short = Math.max(2, timeOf(10_000));
    expect(timeOf(80_000)).toBeLessThan(short * 40);
  });
});
