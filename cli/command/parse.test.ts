import { describe, expect, it } from "vitest";
import type { Description } from "./command.ts";
import { asksForHelp } from "./help.ts";
import { parseInput } from "./parse.ts";
import { UsageError } from "./usage-error.ts";

const COMMAND: Description = {
  arguments: { id: { summary: "Id" }, state: { summary: "State", optional: true } },
  options: {
    topic: { value: "topic", summary: "Topic" },
    tag: { value: "tag", repeats: true, summary: "Tag" },
    all: { summary: "All" },
  },
  examples: [],
};
const parse = (...args: string[]) => parseInput(COMMAND, args, "concord try");

describe("a call", () => {
  it.each([
    [["a"], { id: "a" }],
    [["a", "open"], { id: "a", state: "open" }],
    [["a", ""], { id: "a" }],
    [["a", "--topic", "t", "--all"], { id: "a", topic: "t", all: true }],
    [["--topic=t", "a"], { id: "a", topic: "t" }],
    [["a", "--topic=-t"], { id: "a", topic: "-t" }],
    [["a", "--topic", "-"], { id: "a", topic: "-" }],
    [["a", "--topic="], { id: "a", topic: "" }],
    [["a", "--tag", "x", "--tag", "y"], { id: "a", tag: ["x", "y"] }],
    [["a", "--all", "--all"], { id: "a", all: true }],
    [["--", "--all"], { id: "--all" }],
  ])("of %j gives %j", (args, expected) => {
    expect(parse(...args)).toEqual(expected);
  });

  it.each([
    [["a", "--tpoic", "x"], /^there is no option --tpoic\. Did you mean --topic\? `concord try --help` lists/],
    [["a", "--hlep"], /^there is no option --hlep\. Did you mean --help\?/],
    [["a", "--no-all"], /^there is no option --no-all\. `concord/],
    [["a", "--constructor"], /^there is no option --constructor\. `concord/],
    [["a", "-x"], /^there is no option -x\./],
    [["a", "--topic"], /^--topic needs a value: --topic <topic>/],
    [["a", "--topic", "--all"], /^--topic needs a value/],
    [["a", "--all=yes"], /^--all takes no value/],
    [["a", "--topic", "t", "--topic", "u"], /^--topic is given twice, and takes one value/],
    [[], /^<id> is missing\. Usage: concord try <id> \[state\] \[options\]$/],
    [[""], /^<id> is missing/],
    [["a", "open", "b", "c"], /^unexpected argument: b c\. Usage: concord try/],
  ])("of %j is refused, and the error says why", (args, message) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(message);
  });

  it("that is wrong is refused without its values, one of which may be secret", () => {
    for (const args of [
      ["a", "--tokne", "s3cret"],
      ["a", "--tokne=s3cret"],
      ["a", "--all=s3cret"],
      ["a", "--topic=s3cret", "--topic=s3cret"],
      ["a", "--topic", "-s3cret"],
    ])
      expect(() => parse(...args)).toThrow(expect.objectContaining({ message: expect.not.stringContaining("s3cret") }));
  });

  it.each([
    [["--help"], true],
    [["a", "-h"], true],
    [["--topic", "--help"], true],
    [["--", "--help"], false],
    [["help"], false],
  ])("of %j asks for help: %s", (args, expected) => {
    expect(asksForHelp(args)).toBe(expected);
  });
});
