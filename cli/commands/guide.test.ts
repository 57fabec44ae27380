import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { asInstalled } from "../../scripts/cli/docs.ts";
import { concord } from "../../test/support/fake-terminal.ts";
import { GUIDES } from "../guides.ts";

describe("concord guide", () => {
  it("lists every guide with what it holds", async () => {
    const { code, out } = await concord(["guide"]);
    expect(code).toBe(0);
    for (const [name, { summary }] of Object.entries(GUIDES))
      expect(out).toMatch(new RegExp(`^${name} +${summary}`, "m"));
  });

  it.each(Object.keys(GUIDES))("%s prints a file that there is, and its path", async (name) => {
    const { out } = await concord(["guide", name]);
    const { out: path } = await concord(["guide", name, "--path"]);
    expect(out).toBe(readFileSync(path, "utf8").trimEnd());
  });

  it("names the guide that was probably meant", async () => {
    expect(await concord(["guide", "bridg"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no guide bridg\. Did/),
    });
    expect(await concord(["guide", "constructor"])).toMatchObject({ code: 2 });
  });
});

it("a guide in the package calls the command as it is installed, since npx would fetch another package of that name", () => {
  expect(asInstalled("`npx concord dlq list`")).toBe("`concord dlq list`");
  const guides = Object.values(GUIDES).map(({ file }) => asInstalled(readFileSync(`docs/${file}`, "utf8")));
  expect(guides.filter((guide) => /npx concord|install the command line/.test(guide))).toEqual([]);
});

it("a guide in the package keeps links to other guides and to the web, and of others the text", () => {
  expect(
    asInstalled("[a](bridge.md#x), [b](#here), [c](https://kafka.apache.org), [d](../bridge/lanes.ts), ![e](e.svg)"),
  ).toBe("[a](bridge.md#x), [b](#here), [c](https://kafka.apache.org), d, e");
});
