import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { jwtVerify } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { LOCAL_TOKEN_SECRET } from "../../../src/shared/auth/token.ts";
import {
  type Answer,
  type Answers,
  type DeskStub,
  group,
  letter,
  refusal,
  startDeskStub,
} from "../../../test/support/desk-stub.ts";
import { concordDlq, type Sitting } from "../../../test/support/fake-terminal.ts";

let stub: DeskStub | undefined;
afterEach(() => stub?.stop());

async function concord(answers: Answers, args: readonly string[], sitting: Sitting = {}) {
  stub = await startDeskStub(answers);
  return concordDlq(args, { url: stub.url, ...sitting });
}

const answering = (answer: Answer): Answers => ({ "GET /dead-letters": () => answer });

describe("a call that cannot work", () => {
  it.each<[string[], RegExp]>([
    [["list", "--tpoic", "x"], /Unknown option '--tpoic'/],
    [["list", "--topic", ""], /--topic is empty/],
    [["list", "--first", "5", "--all"], /--first goes without --all/],
    [["list", "what"], /unexpected what/],
    [["show"], /say which id: concord dlq show <id>/],
    [["show", "a", "b"], /unexpected b/],
    [["state", "g-1"], /say which state/],
    [["state", "g-1", "open", "--to", "open"], /say the state once/],
    [["edit", "l-1", "--patch", "[]"], /say what and why/],
    [["edit", "--patch", "[]", "--because", "b"], /name one letter, or --group/],
    [["edit", "l-1", "--patch", "{", "--because", "b"], /no JSON Patch/],
    [["edit", "l-1", "--patch", "@/nowhere.json", "--because", "b"], /no JSON Patch: ENOENT/],
    [["edit", "l-1", "--patch", "[]", "--because", "b", "--apply"], /--apply goes with --group/],
    [["edit", "l-1", "--patch", "[]", "--because", "b", "--revision", "x"], /--revision has to be a number/],
    [["plan"], /say which letters/],
    [["plan", "--id", "l-1", "--topic", "t"], /--id goes alone/],
    [["replay", "--group", "g-1", "--yes"], /--name/],
    [["replay", "--name", "n", "--yes"], /say which letters/],
    [["replay", "--group", "g-1", "--name", "n", "--rate", "0", "--yes"], /--rate has to be a number from 1 to 500/],
    [["replay", "--group", "g-1", "--name", "n", "--canary", "1.5", "--yes"], /--canary has to be/],
    [["replay", "--group", "g-1", "--name", "n", "--max-failure-percent", "x", "--yes"], /--max-failure-percent has/],
    [["replay", "--group", "g-1", "--name", "n"], /nobody is there to be asked: say --yes/],
    [["discard", "--group", "g-1", "--yes"], /say why/],
    [["discard", "--group", "g-1", "--because", "b"], /nobody is there to be asked: say --yes/],
    [["runs", "stop", "r-1"], /pause, resume or cancel, not stop/],
    [["runs", "pause"], /say which run/],
    [["runs", "pause", "r-1", "--cancel"], /one order at a time/],
    [["import", "/nowhere.ndjson"], /there is no file/],
    [["import", "/tmp"], /is a folder/],
    [["fixtures", "--group", "g-1"], /say where/],
    [["fixtures", "--group", "g-1", "--out", "o", "--limit", "0"], /--limit has to be/],
    [["list", "--url", "concord.example"], /has to be as https:/],
    [["list", "--url", "https://concord.example"], /CONCORD_TOKEN is not set/],
  ])("%j ends with 2 and asks the desk nothing", async (args, why) => {
    const { code, err } = await concord({}, args);
    expect([code, err]).toEqual([2, expect.stringMatching(why)]);
    expect(stub?.asked).toEqual([]);
  });
});

describe("what the desk says", () => {
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
  ])("as %i ends with %i and its own words", async (status, expected) => {
    const issues = [{ path: "data.name", message: "must be text" }];
    const { code, err } = await concord(answering(refusal(status, "Nothing was done.", { issues })), ["list"]);
    expect([code, err]).toEqual([expected, "Nothing was done.\n  data.name: must be text"]);
  });

  it("is not believed where it is no desk that says it", async () => {
    const page = (status: number): Answers =>
      answering((response) => response.writeHead(status, { "Content-Type": "text/html" }).end("<h1>Log in</h1>"));
    for (const status of [200, 404]) {
      const { code, err } = await concord(page(status), ["list"]);
      expect([code, err]).toEqual([1, expect.stringMatching(`answered ${status}, and not as a dead-letter desk does`)]);
      await stub?.stop();
    }
  });
});

describe("a desk that is not there", () => {
  it("has done nothing, where no connection was made", async () => {
    const { code, err } = await concordDlq(["list"], { url: "http://127.0.0.1:9" });
    expect([code, err]).toEqual([1, expect.stringMatching(/127\.0\.0\.1:9 cannot be reached \(.+\), and nothing was/)]);
  });

  it("may have done it, where the connection broke off behind an order", async () => {
    const server = createServer((request) => request.socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const order = await concordDlq(["restore", "l-1"], { url });
    expect([order.code, order.err]).toEqual([1, expect.stringContaining("whether it was done is not known")]);
    const question = await concordDlq(["list"], { url });
    expect([question.code, question.err]).toEqual([1, expect.stringContaining("nothing was done")]);
    server.close();
  });
});

describe("who asks", () => {
  const LIST = answering({ json: { deadLetters: [letter()], nextCursor: null } });

  it("is whom CONCORD_TOKEN names", async () => {
    await concord(LIST, ["list"], { env: { CONCORD_TOKEN: " t.o.ken\n" } });
    expect(stub?.asked[0]?.authorization).toBe("Bearer t.o.ken");
  });

  it("is told without it when a token cannot be one", async () => {
    const { code, err } = await concord(LIST, ["list"], { env: { CONCORD_TOKEN: "se cret" } });
    expect(code).toBe(2);
    expect(err).not.toContain("se cret");
  });

  it("is whoever sits at the machine that the platform runs on", async () => {
    await concord(LIST, ["list"]);
    const token = stub?.asked[0]?.authorization?.slice("Bearer ".length) ?? "";
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

  it("has both times, and says that there is more", async () => {
    const { out, err } = await concord(PAGES, ["list", "--topic", "t", "--first", "2"]);
    expect(out.split("\n")[0]).toMatch(/^LETTER +STATE +FAILED +AGO +× +TOPIC +DEVICE +WHY$/);
    expect(out).toContain("2026-11-23 11:57:00Z  3 min ago");
    expect(err).toContain("--all");
    expect(stub?.asked[0]?.query).toEqual({ topic: "t", first: "2" });
  });

  it.each([80, 100, 120, 160])("fits %i columns", async (width) => {
    const { out } = await concord(PAGES, ["list"], { width });
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
    expect(out).toContain("schema_");
  });

  it("is coloured on a terminal alone", async () => {
    expect((await concord(PAGES, ["list"], { isTty: true })).out).toContain("\u001b[31mopen");
    await stub?.stop();
    expect((await concord(PAGES, ["list"])).out).not.toContain("\u001b");
  });

  it("goes through all pages under one heading", async () => {
    const { out } = await concord(PAGES, ["list", "--all"]);
    expect(out.split("\n").map((line) => line.split(" ")[0])).toEqual(["LETTER", "l-1", "l-2", "l-3"]);
    expect(stub?.asked.map(({ query }) => query)).toEqual([{ first: "100" }, { first: "100", after: "c" }]);
  });

  it("is the API's JSON, in one document or a line each", async () => {
    const { out } = await concord(PAGES, ["list", "--json"]);
    expect(out).not.toContain("\n");
    expect(JSON.parse(out).nextCursor).toBe("c");
    expect(JSON.parse(out).deadLetters[0]).toEqual(letter());
    await stub?.stop();
    const all = await concord(PAGES, ["list", "--json", "--all"]);
    expect(all.out.split("\n").map((line) => JSON.parse(line).id)).toEqual(["l-1", "l-2", "l-3"]);
  });

  it("of nothing ends with 3", async () => {
    const { code, err } = await concord(answering({ json: { deadLetters: [], nextCursor: null } }), ["list"]);
    expect([code, err]).toEqual([3, "no dead letters match"]);
  });
});

describe("one letter", () => {
  it("is shown with its issues, and nothing that it holds moves the cursor", async () => {
    const evil = "\u001b[2J\u009b2J\u202e";
    const shown = letter({
      message: evil,
      payload: `{"a":"${"\u009b"}","b":1}`,
      headers: [["h", evil]],
      issues: [{ path: evil, code: "c", message: "must be text" }],
      edited: evil,
      revisions: [{ revision: 1, patch: [], actor: evil, reason: evil, at: letter().receivedAt }],
    });
    const { out } = await concord({ "GET /dead-letters/l-1": () => ({ json: shown }) }, ["show", "l-1"]);
    expect(out).toMatch(/✗ .*must be text/);
    expect(out).toContain("2026-11-23 11:57:00Z, 3 min ago");
    expect(out.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  it("is edited on the revision that was seen", async () => {
    const answers: Answers = {
      "GET /dead-letters/l-1": () => ({ json: letter({ revision: 4 }) }),
      "PATCH /dead-letters/l-1": () => ({ json: letter({ revision: 5 }) }),
    };
    const args = ["edit", "l-1", "--patch", '[{"op":"remove","path":"/a"}]', "--reason", "why"];
    await concord(answers, args);
    const change = { patch: [{ op: "remove", path: "/a" }], reason: "why" };
    expect(JSON.parse(stub?.asked[1]?.body ?? "")).toEqual({ ...change, revision: 4 });
    await stub?.stop();
    await concord(answers, [...args, "--revision", "3", "--unmask", "ticket 9"]);
    expect(stub?.said()).toEqual(["PATCH /dead-letters/l-1"]);
    expect(JSON.parse(stub?.asked[0]?.body ?? "")).toEqual({ ...change, unmask: "ticket 9", revision: 3 });
  });
});

it("a group's state is said behind it, with a note", async () => {
  const { out } = await concord({ "POST /groups/g-1/state": () => ({ json: group({ state: "ignored" }) }) }, [
    ...["state", "g-1", "ignored", "--note", "a test device"],
  ]);
  expect(out).toBe("g-1 is ignored");
  expect(JSON.parse(stub?.asked[0]?.body ?? "")).toEqual({ state: "ignored", note: "a test device" });
});

describe("a discard", () => {
  const DISCARD: Answers = { "POST /discards": () => ({ json: { discarded: 2 } }) };
  const args = ["discard", "--reason", "crash", "--because", "a test"];

  it.each([
    ["y", ["POST /discards"]],
    ["", []],
    ["n", []],
  ])("that is asked about and answered %j does %j", async (answer, said) => {
    const { code, questions } = await concord(DISCARD, args, { answer });
    expect([code, questions.length]).toEqual([0, 1]);
    expect(stub?.said()).toEqual(said);
  });

  it("takes --reason for the filter and --because for the log", async () => {
    await concord(DISCARD, [...args, "--yes"]);
    const body = JSON.parse(stub?.asked[0]?.body ?? "");
    expect(body).toEqual({ selection: { filter: { reason: "crash" } }, reason: "a test" });
  });
});

describe("watch", () => {
  const WATCHED: Answers = {
    "GET /groups": () => ({ json: { groups: [group(), group({ id: "g-2", state: "resolved" })], nextCursor: null } }),
    "GET /runs": () => ({ json: { runs: [], nextCursor: null } }),
  };

  it("looks every two seconds on a terminal until Ctrl-C, and ends well", async () => {
    const { code, out } = await concord(WATCHED, ["watch"], {
      isTty: true,
      onSleep: (count, interrupt) => count === 2 && interrupt(),
    });
    expect(code).toBe(0);
    expect(stub?.said().filter((what) => what === "GET /groups")).toHaveLength(3);
    expect(out).toContain("\u001b[H");
    expect(out).not.toContain("g-2");
  });

  it("is a line now and then elsewhere, and goes on while the desk is away", async () => {
    let away = true;
    const { code, out, err } = await concord(
      {
        ...WATCHED,
        "GET /runs": (asked) => (away ? refusal(503, "Not now.") : (WATCHED["GET /runs"]?.(asked) as Answer)),
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
    expect(out).toBe("2026-11-23 12:00:10Z 3 letters wait in 1 groups");
  });
});
