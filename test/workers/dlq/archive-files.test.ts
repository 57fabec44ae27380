import { beforeEach, describe, expect, it } from "vitest";
import type { ArchiveCheck, ArchiveFigures, CheckRequest } from "#ops/archive-files-api.ts";
import type { ArchiveRpc } from "#ops/archive-service.ts";
import { bearerAt, emptyOps, opsOf } from "./support.ts";

const FIGURES: ArchiveFigures = {
  ...{ atMs: 1, rawObjects: 5, rawBytes: 900, oldestRawHour: "2026-11-26T13:00:00.000Z", days: 1 },
  ...{ firstDay: "2026-11-25", lastDay: "2026-11-25", parts: 7, bytes: 1_000, records: 40, isWhole: true },
};
const CHECK: ArchiveCheck = {
  days: [{ day: "2026-11-25", parts: 7, records: 40, bytes: 1_000 }],
  problems: [{ key: "days/day=2026-11-25/x.parquet", problem: "is missing" }],
  next: null,
};

async function asking(archive?: Partial<ArchiveRpc>) {
  const { ask } = opsOf(archive ? { archive: archive as ArchiveRpc } : {});
  const viewer = await bearerAt("viewer");
  const scraper = await bearerAt("scraper");
  return {
    get: (path: string) => ask("GET", `/ops/api/archive${path}`, { headers: viewer }),
    scrape: () => ask("GET", "/ops/metrics", { headers: scraper }),
  };
}

beforeEach(async () => {
  await emptyOps();
});

describe("the files of the archive", () => {
  it("are counted now for operators, and as they were last counted for a scrape", async () => {
    const { get, scrape } = await asking({
      archiveStatus: async () => FIGURES,
      archiveFigures: async () => ({ ...FIGURES, rawObjects: 8 }),
    });
    expect((await get("/status")).body).toEqual(FIGURES);
    expect((await scrape()).text).toContain("concord_archive_raw_objects 8\n");
  });

  it("are checked page by page, and a query that says nothing sensible is refused", async () => {
    const asked: CheckRequest[] = [];
    const checkArchive = async (request: CheckRequest) => {
      asked.push(request);
      return CHECK;
    };
    const { get } = await asking({ checkArchive });
    expect((await get("/check")).body).toEqual(CHECK);
    expect((await get("/check?day=2026-11-25&after=2026-11-24")).body).toEqual(CHECK);
    expect(asked).toEqual([{}, { day: "2026-11-25", after: "2026-11-24" }]);
    for (const query of ["day=yesterday", "after=x", "from=2026-11-25"])
      expect((await get(`/check?${query}`)).body.error).toMatchObject({ code: "invalid_parameter" });
    expect(asked).toHaveLength(2);
  });

  it("are not there in an environment without an archive, whose other metrics are", async () => {
    for (const archive of [undefined, { archiveStatus: async () => null, checkArchive: async () => null }]) {
      const { get } = await asking(archive);
      for (const path of ["/status", "/check"])
        expect((await get(path)).body.error.message).toContain("has no archive");
    }
    const { scrape } = await asking({ archiveFigures: () => Promise.reject(new Error("Network connection lost.")) });
    const { text } = await scrape();
    expect(text).toContain("concord_d1_database_bytes");
    expect(text).not.toContain("\nconcord_archive_raw_objects ");
  });
});
