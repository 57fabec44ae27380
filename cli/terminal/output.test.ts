import { expect, it } from "vitest";
import { outputOf } from "./output.ts";
import { COLOURS } from "./paint.ts";
import { processTerminal } from "./terminal.ts";

const HOSTILE = "a\u001b[2J\u001b[8m\u202e\u200bb";
const SAFE = "a [2J [8m b";

function outputOn(isTty: boolean) {
  const printed: string[] = [];
  const record = (text: string) => void printed.push(text);
  const ask = async (question: string) => {
    record(question);
    return "y";
  };
  return { printed, ...outputOf({ ...processTerminal(), print: record, note: record, ask, isTty, paint: COLOURS }) };
}

it("everything that a command prints or asks is made safe", async () => {
  const { printed, terminal, output } = outputOn(true);
  output.line(HOSTILE);
  output.line(COLOURS("bad", HOSTILE));
  output.redraw([HOSTILE, HOSTILE]);
  terminal.note(HOSTILE);
  expect(await terminal.ask?.(HOSTILE)).toBe("y");
  expect(printed).toEqual([SAFE, COLOURS("bad", SAFE), `\u001b[H${SAFE}\u001b[K\n${SAFE}\u001b[K\u001b[J`, SAFE, SAFE]);
});

it("JSON is printed with escapes on a terminal, and unchanged elsewhere", () => {
  const json = '{"a":"\u007f\u009b\u202e\u2028👩‍🔧"}';
  for (const [isTty, expected] of [
    [true, '{"a":"\\u007f\\u009b\\u202e\\u2028👩\\u200d🔧"}'],
    [false, json],
  ] as const) {
    const { printed, output } = outputOn(isTty);
    output.json(json);
    expect(printed).toEqual([expected]);
  }
});
