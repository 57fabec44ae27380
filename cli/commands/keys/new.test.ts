import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { authenticate } from "#auth/token.ts";
import { parseTokenKeys } from "#auth/token-keys.ts";
import { concord } from "../../../test/support/fake-terminal.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "concord-keys-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const trusting = (entry: string) => ({ keys: parseTokenKeys(`{"keys":[${entry}]}`) });

describe("concord keys new", () => {
  it("prints the public entry, and writes the private half to a file for its owner alone", async () => {
    const out = join(folder, "dealer.jwk");
    const made = await concord(["keys", "new", "--may", "dealer,service", "--out", out]);
    expect([made.code, statSync(out).mode & 0o777]).toEqual([0, 0o600]);
    const entry = JSON.parse(made.out);
    expect(entry).toMatchObject({ may: ["dealer", "service"], maxLife: "30d", kty: "OKP", crv: "Ed25519" });
    const { d, ...rest } = JSON.parse(readFileSync(out, "utf8"));
    expect(rest).toEqual(entry);
    expect(made.out + made.err).not.toContain(d);
  });

  it("makes a key with which concord token signs, named by its file or its text", async () => {
    const out = join(folder, "key");
    const made = await concord(["keys", "new", "--may", "dealer", "--may", "ops", "--out", out, "--kid", "mine"]);
    for (const CONCORD_TOKEN_KEY of [out, readFileSync(out, "utf8")]) {
      const { out: token } = await concord(["token", "--role", "ops"], { env: { CONCORD_TOKEN_KEY } });
      expect(await authenticate(`Bearer ${token}`, trusting(made.out))).toMatchObject({ ok: true });
      const inspected = await concord(["token", "--inspect", token]);
      expect(inspected.out).toMatch(/^key +mine \(EdDSA\)$/m);
    }
  });

  it("prints the private half only when it is asked to", async () => {
    const { out } = await concord(["keys", "new", "--may", "scraper", "--print", "--max-life", "90d"]);
    const [entry = "", signingKey = ""] = out.split("\n");
    expect(JSON.parse(signingKey)).toEqual({ ...JSON.parse(entry), d: expect.stringMatching(/^[\w-]{43}$/) });
  });

  it.each<[string[], RegExp]>([
    [[], /^--may is required/],
    [["--may", "root", "--print"], /^--may must be one of dealer/],
    [["--may", "dealer"], /say where the private half goes/],
    [["--may", "dealer", "--print", "--max-life", "2y"], /^--max-life must be a span from 1m to 366d/],
    [["--may", "dealer", "--print", "--kid", "../x"], /^--kid must be 1 to 64 of/],
  ])("%j ends with 2 and makes no key", async (args, message) => {
    const ended = await concord(["keys", "new", ...args]);
    expect(ended).toMatchObject({ code: 2, out: "", err: expect.stringMatching(message) });
  });

  it("does not replace a file", async () => {
    const out = join(folder, "key");
    writeFileSync(out, "mine");
    expect(await concord(["keys", "new", "--may", "dealer", "--out", out])).toMatchObject({ code: 6, out: "" });
    expect(readFileSync(out, "utf8")).toBe("mine");
  });

  it("refuses a path that git would see, and takes one that it ignores", async () => {
    execFileSync("git", ["init", "--quiet", folder]);
    writeFileSync(join(folder, ".gitignore"), "*.jwk\n");
    const seen = await concord(["keys", "new", "--may", "dealer", "--out", join(folder, "key.json")]);
    expect(seen).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^git would see/) });
    const ignored = await concord(["keys", "new", "--may", "dealer", "--out", join(folder, "key.jwk")]);
    expect(ignored.code).toBe(0);
  });
});
