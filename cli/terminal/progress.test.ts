import { expect, it } from "vitest";
import { Progress } from "./progress.ts";

function shown(isTTY: boolean, columns = 60) {
  let text = "";
  let nowMs = 1_000_000;
  const line = new Progress({ isTTY, columns, write: (more) => (text += more) }, () => nowMs);
  return {
    line,
    wait: (ms: number) => (nowMs += ms),
    text: () => text,
  };
}

it("progress on a terminal is one line that is redrawn and never wider than the terminal", () => {
  const { line, wait, text } = shown(true, 40);
  line.show(0, 10, "a note that goes on for long");
  wait(1_000);
  line.show(5, 10, "half");
  line.end();
  expect(text().match(/\n/g)).toHaveLength(1);
  for (const drawn of text().trimEnd().split("\r").slice(1))
    expect(drawn.replace("\u001b[K", "").length).toBeLessThan(40);
  expect(text()).toContain(`${"█".repeat(14)}${"░".repeat(14)} 5/10`);
});

it("progress in a file or a pipe is a line every few seconds, without a bar, and always has a last line", () => {
  const { line, wait, text } = shown(false);
  for (let done = 1; done <= 10; done++) {
    line.show(done, 10, "sent");
    wait(1_000);
  }
  line.end();
  expect(text()).toBe("1/10  sent\n6/10  sent\n10/10  sent\n");
});

it("progress contains nothing that could move the cursor", () => {
  const { line, text } = shown(false);
  line.show(1, 2, "why\u001b[2J\u202e");
  expect(text()).toBe("1/2  why [2J \n");
});
