import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { CONTRACTS } from "#contracts/index.ts";
import { SOURCES } from "#domain/event.ts";
import { concord } from "../../test/support/fake-terminal.ts";
import { SCRIPTS, SHELLS } from "../completion/scripts.ts";

/** What is offered after a line of bash; `|` stands between lines of the answer. */
const inBash = async (line: string, breaks = ":=") =>
  (await concord(["__complete", "bash", line, breaks])).out.split("\n").filter(Boolean).join("|");

describe("completion", () => {
  it.each([
    ["concord t", "token"],
    ["concord dlq re", "replay|restore"],
    ["concord --v", "--version"],
    ["concord dlq list --sin", "--since"],
    ["concord token --", "--role|--as|--dealer|--expires|--inspect|--help"],
    ["concord token --role o", "ops|operator"],
    ["concord token --role ops --r", ""],
    ["concord token --dealer D-7 --d", "--dealer"],
    ["concord dlq list --state op", "open"],
    ["concord dlq runs pa", "pause"],
    ["concord dlq state 5a88 ack", "acknowledged"],
    ["concord dlq list --sort ", "last-failed"],
    ["concord dlq list --text --s", ""],
    ["concord bridge --group-protocol ", "classic|consumer"],
    ["concord guide backfill-s", "backfill-schema"],
    ["concord nonsense ", ""],
    ["concord dlq nonsense ", ""],
    ["concord constructor ", ""],
  ])("offers after %j: %s", async (line, expected) => {
    expect(await inBash(line)).toBe(expected);
  });

  it("offers every topic of the contracts, and to a credential those of a source at once", async () => {
    const topics = CONTRACTS.map(({ topic }) => topic).sort();
    expect(await inBash("concord dlq list --topic ")).toBe(topics.join("|"));
    for (const source of SOURCES)
      expect(await inBash(`concord credential --may device.${source}`)).toContain(`device.${source}.\\*|`);
  });

  it.each([
    ["concord dlq import ", ":files"],
    ["concord parity --html ", ":files"],
    ["concord parity --html=", ":files"],
    ["concord bridge --credential-file ", ":files"],
    ["concord backfill run ", ":folders"],
    ["concord backfill run ./unload ", "--mapping"],
    ["concord dlq import --j", "--json"],
    ["concord dlq import -- --j", ":files"],
  ])("offers after %j what a shell knows better: %s", async (line, expected) => {
    expect((await inBash(line)).split("|")[0]).toBe(expected);
  });

  it("offers the beginning of a device key without a space behind it, and where it goes on at a colon, none", async () => {
    expect(await inBash("concord dlq list --device el")).toBe(":open|elt:");
    expect(await inBash("concord dlq list --device elt:")).toBe("");
    expect(await inBash("concord dlq list --device elt:T-1")).toBe("");
  });

  it.each([
    ["concord dlq list --state=qu", ":=", "quarantined"],
    ["concord dlq list --state=qu", "", "--state=quarantined"],
    ['concord dlq list "--state=qu', ":=", "--state=quarantined"],
    ["concord dlq list --state='qu", ":=", "quarantined"],
    ["concord dlq list --text 'a b' --sta", ":=", "--state"],
    ["concord dlq list --text a\\ b --sta", ":=", "--state"],
    ["concord credential --may 'device.elt.", ":=", "device.elt.*"],
    ["concord credential --may device.elt.", ":=", "device.elt.\\*"],
  ])("replaces in %j, where bash breaks words at %j, what bash replaces: %s", async (line, breaks, expected) => {
    expect((await inBash(line, breaks)).split("|")[0]).toBe(expected);
  });

  it("says what each word means to shells that show it, and keeps a colon for zsh", async () => {
    const summary = "Print a token for the GraphQL API or the operations API";
    expect((await concord(["__complete", "fish", "tok"])).out).toBe(`token\t${summary}`);
    expect((await concord(["__complete", "zsh", "tok"])).out).toBe(`token:${summary}`);
    expect((await concord(["__complete", "powershell", "=tok"])).out).toBe(`token\t${summary}`);
    expect((await concord(["__complete", "zsh", "dlq", "list", "--device", "elt"])).out).toBe(":open\nelt\\:");
  });

  it("has a script for each shell, which bash can read, and no script for another shell", async () => {
    for (const shell of SHELLS) expect((await concord(["completion", shell])).out).toBe(SCRIPTS[shell]);
    execFileSync("bash", ["-n"], { input: SCRIPTS.bash });
    expect(await concord(["completion", "bsh"])).toMatchObject({ code: 2, err: expect.stringContaining("mean bash?") });
    expect(await concord(["__complete", "ksh", ""])).toMatchObject({ code: 2 });
  });
});
