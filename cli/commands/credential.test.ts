import { describe, expect, it } from "vitest";
import { concord } from "../../test/support/fake-terminal.ts";
import { createCredential } from "./credential.ts";

describe("concord credential", () => {
  it("prints the secret, and an entry that holds its hash", async () => {
    const args = ["credential", "--id", "bridge", "--may", "device.elt.*", "--may", "device.ecobee.*"];
    const { code, out, err } = await concord(args);
    const [login = "", entry = ""] = out.split("\n");
    const secret = login.slice("bridge:".length);
    const may = ["device.elt.*", "device.ecobee.*"];
    expect([code, JSON.parse(entry)]).toEqual([0, createCredential({ id: "bridge", secret, may })]);
    expect(secret).toHaveLength(43);
    expect(entry + err).not.toContain(secret);
  });

  it.each([
    [["--id", "bridge"], /^--id and --may are required/],
    [["--id", "a b", "--may", "*"], /^id /],
  ])("%j ends with 2 and prints no secret", async (args, message) => {
    const ended = await concord(["credential", ...args]);
    expect(ended).toMatchObject({ code: 2, out: "", err: expect.stringMatching(message) });
  });
});
