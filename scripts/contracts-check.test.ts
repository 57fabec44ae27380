import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import * as z from "zod";
import { contractList } from "#contracts/catalogue.ts";
import type { Contract } from "#contracts/define.ts";
import { toValueSchema } from "#contracts/envelope.ts";
import { judge } from "#contracts/evolution/judge.ts";
import { printReleased, toReleased } from "#contracts/evolution/release.ts";
import { reportLines } from "#contracts/evolution/report.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { latestVersions } from "#contracts/releases.ts";
import { judgeAgainst, judgeDeployed } from "./deployed-contracts.ts";
import { contractProblems, judgeAll, readReleased } from "./released-contracts.ts";

const TODAY_MS = Date.UTC(2026, 11, 1);
const TOPIC = "device.infinity.registration.created";
const contract = CONTRACTS.find(({ topic }) => topic === TOPIC) as Contract;
const last = readReleased(TOPIC, 1) as NonNullable<ReturnType<typeof readReleased>>;
const deployed = contractList([contract])[0] as ReturnType<typeof contractList>[number];

/** The contract with `firmware` required, which it is not. */
function withFirmware(): Contract {
  const data = (contract.data as z.ZodObject).extend({ firmware: z.string() });
  return { ...contract, data, value: toValueSchema(data) };
}

it("the contracts break nothing of their last release", () => {
  const { judgements } = judgeAll(TODAY_MS);
  expect(judgements.flatMap(({ topic, problems }) => problems.map(({ what }) => `${topic} ${what}`))).toEqual([]);
  expect(judgements.length).toBe(latestVersions().size);
});

it("the contracts may be deployed: each version is released", () => {
  expect(contractProblems(TODAY_MS)).toEqual([]);
});

it("making firmware required is shown with the smallest registration that has none", () => {
  const lines = reportLines([judge({ last, contract: withFirmware(), todayMs: TODAY_MS })], []);
  expect(lines[0]).toBe(`${TOPIC}: breaking, version 1`);
  expect(lines).toContain("  - data.firmware is required");
  expect(lines).toContain("  ✗ an event of version 1 is refused now, and no upcaster covers it");
  const event = JSON.parse(lines.find((line) => line.includes("event: "))?.match(/event: (.*) {2}\(/)?.[1] ?? "");
  expect(Object.keys(event.data).sort()).toEqual(["model", "registeredAt", "serialNumber"]);
  expect(lines.some((line) => line.includes("Raise it"))).toBe(true);
});

it("an event of a release stands on a line of its own, and text at a limit is folded", () => {
  const text = printReleased(toReleased(contract));
  expect(text).toContain('{"about":"model of 64 characters","data":{"model":{"$repeat":"x","times":64},');
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(1_500);
});

it("a deployed platform is compared by the events of its release", () => {
  expect(judgeDeployed(deployed, contract, TODAY_MS)).toMatchObject({ verdict: "unchanged", problems: [], notes: [] });
  const moved = { ...contract, toChange: () => ({ dealer: null }) } as Contract;
  expect(judgeDeployed(deployed, moved, TODAY_MS)).toMatchObject({ verdict: "breaking", notes: [] });
});

it("a deployed version that is no release is compared by what would be refused, and the report says so", () => {
  const unknown = { ...deployed, version: 7 };
  const same = judgeDeployed(unknown, { ...contract, version: 7 }, TODAY_MS);
  expect(same).toMatchObject({
    verdict: "unchanged",
    notes: [expect.stringContaining("is no release of this repository")],
  });
  const refused = judgeDeployed(unknown, { ...withFirmware(), version: 8 }, TODAY_MS);
  expect(refused.problems[0]).toMatchObject({ what: expect.stringContaining("is refused now") });
  expect(judgeDeployed(unknown, undefined, TODAY_MS).verdict).toBe("gone");
});

it("a deployed version that is newer than the repository's is a problem", () => {
  const { problems } = judgeDeployed({ ...deployed, version: 7 }, contract, TODAY_MS);
  expect(problems).toMatchObject([{ what: expect.stringContaining("is older than what is released") }]);
});

/** Calls a platform whose `GET /contracts` has this answer. */
async function against<T>(answer: { status?: number; body: unknown }, run: (url: string) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === "/contracts" ? (answer.status ?? 200) : 404).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  try {
    return await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
}

it("all topics of a deployed platform are asked for, and those that it does not have are new", async () => {
  const { judgements, added } = await against({ body: contractList().slice(1) }, (url) => judgeAgainst(url, TODAY_MS));
  expect(judgements.map(({ verdict }) => verdict)).toEqual(Array(CONTRACTS.length - 1).fill("unchanged"));
  expect(added).toEqual([CONTRACTS[0]?.topic]);
});

it.each([
  [{ status: 503, body: {} }, /answered 503. Nothing was compared/],
  [{ body: [{ topic: 1 }] }, /is no list of contracts/],
])("an answer that is none says so, and nothing is compared", async (answer, message) => {
  await expect(against(answer, (url) => judgeAgainst(url, TODAY_MS))).rejects.toThrow(message);
});

it("a platform that is out of reach says so", async () => {
  await expect(judgeAgainst("http://127.0.0.1:1", TODAY_MS)).rejects.toThrow(
    /cannot be reached: .* Nothing was compared/,
  );
});
