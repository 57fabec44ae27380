import { afterEach, expect, it } from "vitest";
import type { ArchiveCheck, ArchiveFigures } from "#ops/archive-files-api.ts";
import { concord } from "../../../test/support/fake-terminal.ts";
import { type Answers, type OpsStub, startOpsStub } from "../../../test/support/ops-stub.ts";

let stub: OpsStub | undefined;
afterEach(() => stub?.stop());

async function run(args: readonly string[], answers: Answers) {
  stub = await startOpsStub(answers);
  return concord(args, { url: stub.url });
}

const FIGURES: ArchiveFigures = {
  ...{ atMs: 1, rawObjects: 1_234, rawBytes: 900, oldestRawHour: "2026-11-26T13:00:00.000Z", days: 2 },
  ...{ firstDay: "2026-11-24", lastDay: "2026-11-25", parts: 7, bytes: 1_000, records: 40, isWhole: true },
};

const pageOf = (day: string, next: string | null, problems: ArchiveCheck["problems"] = []): ArchiveCheck => ({
  ...{ days: [{ day, parts: 2, records: 10, bytes: 100 }], problems, next },
});

it("status shows what waits and what is compacted, and says if that is not everything", async () => {
  const whole = await run(["archive", "status"], { "GET /archive/status": () => ({ json: FIGURES }) });
  expect(whole.code).toBe(0);
  for (const text of ["1,234 objects", "2026-11-26", "2 days, 2026-11-24 to 2026-11-25: 40 records in 7 files"])
    expect(whole.out).toContain(text);
  await stub?.stop();
  const cut = await run(["archive", "status"], {
    "GET /archive/status": () => ({ json: { ...FIGURES, isWhole: false } }),
  });
  expect(cut.out).toContain("more objects than one look counts");
});

it("check asks for every page, and adds up a day that two of them have", async () => {
  const pages = [
    pageOf("2026-11-24", "days/day=2026-11-24/a"),
    pageOf("2026-11-24", "2026-11-24"),
    pageOf("2026-11-25", null),
  ];
  const { code, out } = await run(["archive", "check"], { "GET /archive/check": () => ({ json: pages.shift() }) });
  expect([code, stub?.requests.length]).toEqual([0, 3]);
  expect(stub?.requests[1]?.query.after).toBe("days/day=2026-11-24/a");
  expect(out).toContain("2 days: 30 records in 6 files, 300 bytes");
});

it("check names what it finds, and ends with 4", async () => {
  const problems = [{ key: "days/day=2026-11-24/x.parquet", problem: "is missing" }];
  const { code, out, err } = await run(["archive", "check", "--day", "2026-11-24"], {
    "GET /archive/check": () => ({ json: pageOf("2026-11-24", null, problems) }),
  });
  expect([code, out, err]).toEqual([
    4,
    expect.stringContaining("days/day=2026-11-24/x.parquet is missing"),
    expect.stringContaining("1 of the files"),
  ]);
  expect(stub?.requests[0]?.query.day).toBe("2026-11-24");
});
