import { expect, it } from "vitest";
import { outputOf } from "./output.ts";
import { COLOURS } from "./paint.ts";
import { processTerminal } from "./terminal.ts";

const EVIL = "a\u001b[2J\u001b[8m\u202e\u200bb";
const MERE = "a [2J [8m b";

function sitting(isTty: boolean) {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const ask = async (question: string) => {
    say(question);
    return "y";
  };
  return { said, ...outputOf({ ...processTerminal(), print: say, note: say, ask, isTty, paint: COLOURS }) };
}

it("a command cannot forget what a record may have said", async () => {
  const { said, terminal, output } = sitting(true);
  output.line(EVIL);
  output.line(COLOURS.bad(EVIL));
  output.redraw([EVIL, EVIL]);
  terminal.note(EVIL);
  expect(await terminal.ask?.(EVIL)).toBe("y");
  expect(said).toEqual([MERE, COLOURS.bad(MERE), `\u001b[H${MERE}\u001b[K\n${MERE}\u001b[K\u001b[J`, MERE, MERE]);
});

it("JSON has escapes on a terminal, and its own bytes elsewhere", () => {
  const json = '{"a":"\u007f\u009b\u202e\u2028👩‍🔧"}';
  for (const [isTty, expected] of [
    [true, '{"a":"\\u007f\\u009b\\u202e\\u2028👩\\u200d🔧"}'],
    [false, json],
  ] as const) {
    const { said, output } = sitting(isTty);
    output.json(json);
    expect(said).toEqual([expected]);
  }
});
