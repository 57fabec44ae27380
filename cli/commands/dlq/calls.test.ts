import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { jwtVerify } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import { concordDlq, type Surroundings } from "../../../test/support/fake-terminal.ts";
import {
  type Answer,
  type Answers,
  group,
  letter,
  type OpsStub,
  refusal,
  startOpsStub,
} from "../../../test/support/ops-stub.ts";

let stub: OpsStub | undefined;
afterEach(() => stub?.stop());

async function concord(answers: Answers, args: readonly string[], surroundings: Surroundings = {}) {
  stub = await startOpsStub(answers);
  return concordDlq(args, { url: stub.url, ...surroundings });
}

const answering = (answer: Answer): Answers => ({ "GET /dead-letters": () => answer });

describe("a call that cannot work", () => {
  it.each<[string[], RegExp]>([
    [["list", "--tpoic", "x"], /there is no option --tpoic\. Did you mean --topic\?/],
    [["list", "--topic", ""], /--topic is empty/],
    [["list", "--first", "5", "--all"], /--first and --all exclude each other/],
    [["list", "what"], /unexpected argument: what/],
    [["show"], /<id> is missing. Usage: concord dlq show <id>/],
    [["show", "a", "b"], /unexpected argument: b/],
    [["state", "g-1"], /the new state is missing: acknowledged/],
    [["state", "g-1", "open", "--to", "open"], /give the state once/],
    [["edit", "l-1", "--patch", "[]"], /--patch and --because are required/],
    [["edit", "--patch", "[]", "--because", "b"], /give the id of a letter, or --group/],
    [["edit", "", "--patch", "[]", "--because", "b"], /give the id of a letter, or --group/],
    [["edit", "l-1", "--patch", "{", "--because", "b"], /is not a JSON Patch/],
    [["edit", "l-1", "--patch", "@/nowhere.json", "--because", "b"], /is not a JSON Patch: ENOENT/],
    [["edit", "l-1", "--patch", "[]", "--because", "b", "--apply"], /--apply goes with --group/],
    [["edit", "l-1", "--patch", "[]", "--because", "b", "--revision", "x"], /--revision has to be a number/],
    [["plan"], /no letters are selected/],
    [["plan", "--id", "l-1", "--topic", "t"], /--id cannot be combined/],
    [["replay", "--group", "g-1", "--yes"], /--name is required/],
    [["replay", "--name", "n", "--yes"], /no letters are selected/],
    [
      ["replay", "--group", "g-1", "--name", "n", "--rate", "0", "--yes"],
      /--rate has to be a whole number from 1 to 500/,
    ],
    [["replay", "--group", "g-1", "--name", "n", "--canary", "1.5", "--yes"], /--canary has to be/],
    [["replay", "--group", "g-1", "--name", "n", "--max-failure-percent", "x", "--yes"], /--max-failure-percent has/],
    [["replay", "--group", "g-1", "--name", "n"], /there is no terminal to ask at\..* add --yes/],
    [["discard", "--group", "g-1", "--yes"], /--because is required/],
    [["discard", "--group", "g-1", "--because", "b"], /there is no terminal to ask at\..* add --yes/],
    [["runs", "stop", "r-1"], /pause, resume or cancel, not stop/],
    [["runs", "pause"], /the id of the run is missing/],
    [["runs", "pause", "r-1", "--cancel"], /give one action/],
    [["import", "/nowhere.ndjson"], /does not exist/],
    [["import", "/tmp"], /is a folder/],
    [["fixtures", "--group", "g-1"], /--out is required/],
    [["fixtures", "--group", "g-1", "--out", "o", "--limit", "0"], /--limit has to be/],
    [["list", "--url", "concord.example"], /--url has to be an address/],
    [["list", "--url", "https://concord.example"], /CONCORD_TOKEN is not set/],
  ])("%j ends with 2 and sends no request", async (args, why) => {
    const { code, err } = await concord({}, args);
    expect([code, err]).toEqual([2, expect.stringMatching(why)]);
    expect(stub?.requests).toEqual([]);
  });
});

describe("an answer of the operations API", () => {
  it.each<[number, number]>([
    [400, 2],
    [401, 5],
    [403, 5],
    [404, 3],
    [409, 6],
    [413, 2],
    [422, 6],
    [500, 1],
    [503, 1],
  ])("with status %i ends with %i and its message", async (status, expected) => {
    const issues = [{ path: "data.name", message: "must be text" }];
    const { code, err } = await concord(answering(refusal(status, "Nothing was done.", { issues })), ["list"]);
    expect([code, err]).toEqual([expected, "Nothing was done.\n  data.name: must be text"]);
  });

  it("is not trusted when another server gave it", async () => {
    const page = (status: number): Answers =>
      answering((response) => response.writeHead(status, { "Content-Type": "text/html" }).end("<h1>Log in</h1>"));
    for (const status of [200, 404]) {
      const { code, err } = await concord(page(status), ["list"]);
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(`answered ${status}, but not with the JSON of the operations API`),
      ]);
      await stub?.stop();
    }
  });
});

describe("Cloudflare Access in front of the operations API", () => {
  const service = { CONCORD_ACCESS_CLIENT_ID: "c1.access", CONCORD_ACCESS_CLIENT_SECRET: "cl1ent-s3cret" };
  const team = "https://team.cloudflareaccess.com/cdn-cgi/access/login/concord.example?kid=1&redirect_url=%2Fops";
  const redirect: Answer = (response) => response.writeHead(302, { Location: team }).end();
  const refused = (status: number): Answer => {
    return (response) => response.writeHead(status, { "Content-Type": "text/html" }).end("<h1>Forbidden</h1>");
  };

  it("gets a service token, with a token of ours or without", async () => {
    const LIST = answering({ json: { deadLetters: [letter()], nextCursor: null } });
    expect((await concord(LIST, ["list"], { env: service })).code).toBe(0);
    expect(stub?.requests).toMatchObject([{ accessClientId: "c1.access", authorization: undefined }]);
    await stub?.stop();
    await concord(LIST, ["list"], { env: { ...service, CONCORD_TOKEN: "t" } });
    expect(stub?.requests).toMatchObject([{ accessClientId: "c1.access", authorization: "Bearer t" }]);
  });

  it.each<[string, Answer]>([
    ["a redirect to its sign-in page", redirect],
    ["401 and a page", refused(401)],
    ["403 and a page", refused(403)],
  ])("is named when it answers with %s, with the variables to set", async (_, answer) => {
    const without = await concord(answering(answer), ["list"], { env: { CONCORD_TOKEN: "t" } });
    expect([without.code, without.err]).toEqual([
      5,
      expect.stringMatching(
        /Cloudflare Access .*nothing was changed.* Set CONCORD_ACCESS_CLIENT_ID and CONCORD_ACCESS/,
      ),
    ]);
    await stub?.stop();
    const wrong = await concord(answering(answer), ["list"], { env: service });
    expect([wrong.code, wrong.err]).toEqual([5, expect.stringMatching(/did not take the service token/)]);
    expect(wrong.err).not.toContain("cl1ent-s3cret");
  });

  it("is not blamed for another redirect", async () => {
    const elsewhere: Answer = (response) => response.writeHead(301, { Location: "https://concord.example/" }).end();
    const { code, err } = await concord(answering(elsewhere), ["list"]);
    expect([code, err]).toEqual([1, expect.stringMatching(/answered 301, but not with the JSON/)]);
  });
});

describe("a platform that cannot be reached", () => {
  it("changed nothing if no connection was made", async () => {
    const { code, err } = await concordDlq(["list"], { url: "http://127.0.0.1:9" });
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/127\.0\.0\.1:9 cannot be reached \(.+\)\. Nothing was changed/),
    ]);
  });

  it("may have made the change if the connection broke after the request", async () => {
    const server = createServer((request) => request.socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const change = await concordDlq(["restore", "l-1"], { url });
    expect([change.code, change.err]).toEqual([
      1,
      expect.stringContaining("it is not known whether the change was made"),
    ]);
    const read = await concordDlq(["list"], { url });
    expect([read.code, read.err]).toEqual([1, expect.stringContaining("Nothing was changed")]);
    server.close();
  });
});

describe("the caller", () => {
  const LIST = answering({ json: { deadLetters: [letter()], nextCursor: null } });

  it("is the one in CONCORD_TOKEN", async () => {
    await concord(LIST, ["list"], { env: { CONCORD_TOKEN: " t.o.ken\n" } });
    expect(stub?.requests[0]?.authorization).toBe("Bearer t.o.ken");
  });

  it("gets an error without the token when CONCORD_TOKEN is malformed", async () => {
    const { code, err } = await concord(LIST, ["list"], { env: { CONCORD_TOKEN: "se cret" } });
    expect(code).toBe(2);
    expect(err).not.toContain("se cret");
  });

  it("is the user of this machine when the platform runs on it", async () => {
    await concord(LIST, ["list"]);
    const token = stub?.requests[0]?.authorization?.slice("Bearer ".length) ?? "";
    const { payload } = await jwtVerify(token, new TextEncoder().encode(LOCAL_TOKEN_SECRET), { issuer: "concord" });
    expect(payload).toMatchObject({ sub: expect.any(String), role: "admin", exp: expect.any(Number) });
  });
});

describe("a list", () => {
  const PAGES: Answers = {
    "GET /dead-letters": ({ query: { after } }) => ({
      json: after
        ? { deadLetters: [letter({ id: "l-3" })], nextCursor: null }
        : { deadLetters: [letter(), letter({ id: "l-2", state: "quarantined" })], nextCursor: "c" },
    }),
  };

  it("shows the time and the age of a failure, and says that there are more letters", async () => {
    const { out, err } = await concord(PAGES, ["list", "--topic", "t", "--first", "2"]);
    expect(out.split("\n")[0]).toMatch(/^LETTER +STATE +LAST FAILED +AGE +FAILURES +TOPIC +DEVICE +REASON$/);
    expect(out).toContain("2026-11-23 11:57:00Z  3 min");
    expect(err).toContain("--all");
    expect(stub?.requests[0]?.query).toEqual({ topic: "t", first: "2" });
  });

  it.each([80, 100, 120, 160])("fits %i columns", async (width) => {
    const { out } = await concord(PAGES, ["list"], { width });
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
    expect(out).toContain("schema_");
  });

  it("is coloured on a terminal only", async () => {
    expect((await concord(PAGES, ["list"], { isTty: true })).out).toContain("\u001b[31mopen");
    await stub?.stop();
    expect((await concord(PAGES, ["list"])).out).not.toContain("\u001b");
  });

  it("with --all prints every page under one heading", async () => {
    const { out } = await concord(PAGES, ["list", "--all"]);
    expect(out.split("\n").map((line) => line.split(" ")[0])).toEqual(["LETTER", "l-1", "l-2", "l-3"]);
    expect(stub?.requests.map(({ query }) => query)).toEqual([{ first: "100" }, { first: "100", after: "c" }]);
  });

  it("with --json is the JSON of the API: one document, or with --all a line for each letter", async () => {
    const { out } = await concord(PAGES, ["list", "--json"]);
    expect(out).not.toContain("\n");
    expect(JSON.parse(out).nextCursor).toBe("c");
    expect(JSON.parse(out).deadLetters[0]).toEqual(letter());
    await stub?.stop();
    const all = await concord(PAGES, ["list", "--json", "--all"]);
    expect(all.out.split("\n").map((line) => JSON.parse(line).id)).toEqual(["l-1", "l-2", "l-3"]);
  });

  it("without letters ends with 3", async () => {
    const { code, err } = await concord(answering({ json: { deadLetters: [], nextCursor: null } }), ["list"]);
    expect([code, err]).toEqual([3, "no dead letters match"]);
  });
});

describe("one letter", () => {
  it("is shown with its key, which is base64 if it is bytes", async () => {
    const answers = (more: object): Answers => ({ "GET /dead-letters/l-1": () => ({ json: letter(more) }) });
    const text = await concord(answers({}), ["show", "l-1"]);
    expect(text.out).toMatch(/^ *key +T-1$/m);
    await stub?.stop();
    const bytes = await concord(answers({ key: "/w==", keyEncoding: "base64" }), ["show", "l-1"]);
    expect(bytes.out).toMatch(/^ *key +base64: \/w==$/m);
  });

  it("is shown with its issues, and nothing in it moves the cursor", async () => {
    const hostile = "\u001b[2J\u009b2J\u202e";
    const shown = letter({
      message: hostile,
      payload: `{"a":"${"\u009b"}","b":1}`,
      headers: [["h", hostile]],
      issues: [{ path: hostile, code: "c", message: "must be text" }],
      edited: hostile,
      revisions: [{ revision: 1, patch: [], actor: hostile, reason: hostile, at: letter().receivedAt }],
    });
    const { out } = await concord({ "GET /dead-letters/l-1": () => ({ json: shown }) }, ["show", "l-1"]);
    expect(out).toMatch(/✗ .*must be text/);
    expect(out).toContain("2026-11-23 11:57:00Z, 3 min ago");
    expect(out.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  it("is edited at its current revision, or at the one that is given", async () => {
    const answers: Answers = {
      "GET /dead-letters/l-1": () => ({ json: letter({ revision: 4 }) }),
      "PATCH /dead-letters/l-1": () => ({ json: letter({ revision: 5 }) }),
    };
    const args = ["edit", "l-1", "--patch", '[{"op":"remove","path":"/a"}]', "--reason", "why"];
    await concord(answers, args);
    const change = { patch: [{ op: "remove", path: "/a" }], reason: "why" };
    expect(JSON.parse(stub?.requests[1]?.body ?? "")).toEqual({ ...change, revision: 4 });
    await stub?.stop();
    await concord(answers, [...args, "--revision", "3", "--unmask", "ticket 9"]);
    expect(stub?.routes()).toEqual(["PATCH /dead-letters/l-1"]);
    expect(JSON.parse(stub?.requests[0]?.body ?? "")).toEqual({ ...change, unmask: "ticket 9", revision: 3 });
  });
});

it.each([
  [
    ["groups", "--sort=-waiting", "--since", "2026-11-23T12:00:00Z"],
    "groups",
    { sort: "-waiting", since: "2026-11-23T12:00:00Z" },
  ],
  [["list", "--sort", "last-failed", "--topic", "t"], "deadLetters", { sort: "last-failed", topic: "t" }],
  [["runs", "--sort", "planned"], "runs", { sort: "planned" }],
  [
    ["audit", "--sort", "time", "--until", "2026-11-23T12:00:00Z"],
    "audit",
    { sort: "time", until: "2026-11-23T12:00:00Z" },
  ],
])("%j asks for a list in that order and of that time", async (args, member, query) => {
  const path = `/${member === "deadLetters" ? "dead-letters" : member}`;
  await concord({ [`GET ${path}`]: () => ({ json: { [member]: [], nextCursor: null } }) }, args);
  expect(stub?.requests[0]?.query).toEqual(query);
});

it("the state of a group is given after it, with a note", async () => {
  const { out } = await concord({ "POST /groups/g-1/state": () => ({ json: group({ state: "ignored" }) }) }, [
    ...["state", "g-1", "ignored", "--note", "a test device"],
  ]);
  expect(out).toBe("g-1 is ignored");
  expect(JSON.parse(stub?.requests[0]?.body ?? "")).toEqual({ state: "ignored", note: "a test device" });
});

describe("a discard", () => {
  const DISCARD: Answers = { "POST /discards": () => ({ json: { discarded: 2 } }) };
  const args = ["discard", "--reason", "crash", "--because", "a test"];

  it.each([
    ["y", ["POST /discards"]],
    ["", []],
    ["n", []],
  ])("whose question is answered %j sends %j", async (answer, routes) => {
    const { code, questions } = await concord(DISCARD, args, { answer });
    expect([code, questions]).toEqual([0, ["Discard the letters selected by --reason crash? [y/N] "]]);
    expect(stub?.routes()).toEqual(routes);
  });

  it("takes --reason for the filter and --because for the audit log", async () => {
    await concord(DISCARD, [...args, "--yes"]);
    const body = JSON.parse(stub?.requests[0]?.body ?? "");
    expect(body).toEqual({ selection: { filter: { reason: "crash" } }, reason: "a test" });
  });
});

describe("watch", () => {
  const WATCHED: Answers = {
    "GET /groups": () => ({ json: { groups: [group(), group({ id: "g-2", state: "resolved" })], nextCursor: null } }),
    "GET /runs": () => ({ json: { runs: [], nextCursor: null } }),
  };

  it("redraws every two seconds on a terminal until Ctrl-C, and ends with 0", async () => {
    const { code, out } = await concord(WATCHED, ["watch"], {
      isTty: true,
      onSleep: (count, interrupt) => count === 2 && interrupt(),
    });
    expect(code).toBe(0);
    expect(stub?.routes().filter((route) => route === "GET /groups")).toHaveLength(3);
    expect(out).toContain("\u001b[H");
    expect(out).toContain("Ctrl-C to stop");
    expect(out).not.toContain("g-2");
  });

  it("with --once prints one screen and ends with 0", async () => {
    const { code, out } = await concord(WATCHED, ["watch", "--once"], { isTty: true });
    expect([code, out]).toEqual([0, expect.stringContaining("g-1")]);
    expect(out).not.toMatch(/Ctrl-C|\[H/);
  });

  it("prints a line every ten seconds in a file or a pipe, and continues while the operations API is unavailable", async () => {
    let away = true;
    const { code, out, err } = await concord(
      {
        ...WATCHED,
        "GET /runs": (request) => (away ? refusal(503, "Not now.") : (WATCHED["GET /runs"]?.(request) as Answer)),
      },
      ["watch"],
      {
        onSleep: (count, interrupt) => {
          away = false;
          if (count === 1) interrupt();
        },
      },
    );
    expect([code, err]).toEqual([0, "2026-11-23 12:00:00Z Not now."]);
    expect(out).toBe("2026-11-23 12:00:10Z 3 letters unresolved in 1 group");
  });
});
