import { beforeEach, expect, it } from "vitest";
import { FleetRepository } from "#repositories/fleet.ts";
import { compareKeptCounts } from "../../../workers/archive/jobs/kept-counts.ts";
import { eventOf } from "../../support/records.ts";
import { clear, DB } from "./rebuild-world.ts";

const DEALERS = Array.from({ length: 45 }, (_, i) => `D-count-${String(i).padStart(2, "0")}`);

/** Each dealer has a device. */
beforeEach(async () => {
  await clear([]);
  await new FleetRepository(DB.withSession("first-primary")).merge(
    DEALERS.map((dealerId) =>
      eventOf({
        topic: "device.elt.dealer.assigned",
        deviceId: `count-${dealerId}`,
        data: { dealer: { dealerId, name: dealerId } },
      }),
    ),
  );
});

async function compareAll(isWanted?: (dealerId: string) => boolean) {
  const subjects: string[] = [];
  let pages = 0;
  for (let after: string | null = null; pages === 0 || after !== null; pages++) {
    const { differences, next } = await compareKeptCounts(DB, after, isWanted);
    subjects.push(...differences.map(({ subject }) => subject.slice(0, subject.indexOf(","))));
    after = next;
  }
  return { subjects, pages };
}

it("Kept counts are compared for every dealer, page by page, and each wrong one is named once", async () => {
  expect(await compareAll()).toEqual({ subjects: [], pages: 3 });
  await DB.prepare("UPDATE device_counts SET devices = devices + 1 WHERE dealer_id <> 'D-count-07'").run();
  const wrong = DEALERS.filter((dealerId) => dealerId !== "D-count-07").map((dealerId) => `dealer ${dealerId}`);
  expect((await compareAll()).subjects).toEqual(wrong);
  expect((await compareAll((dealerId) => dealerId === "D-count-30")).subjects).toEqual(["dealer D-count-30"]);
});

it("Nothing is compared while the counts are being filled", async () => {
  await DB.exec("DELETE FROM device_counts; UPDATE fill_progress SET through = '' WHERE name = 'counts';");
  expect(await compareAll()).toEqual({ subjects: [], pages: 1 });
});
