import { expect, it } from "vitest";
import worker from "../../../workers/dlq/index.ts";
import { env } from "./support.ts";

it("the minute takes devices from before a migration into the counts and the search, 40,000 at most", async () => {
  await env.DB.exec("UPDATE fill_progress SET through = ''");
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40100)
     INSERT INTO devices (key, aspects, latest, revision, status, serial_number, updated_on)
     SELECT printf('elt:%06d', i), '{}', 'v', 1, 'REGISTERED', 'S-' || i, '2026-11-23' FROM n`,
  ).run();
  const taken = async () =>
    (await env.DB.prepare(
      "SELECT (SELECT sum(devices) FROM device_counts) AS counted, (SELECT count(*) FROM device_texts) AS found",
    ).first()) as { counted: number | null; found: number };
  expect(await taken()).toEqual({ counted: null, found: 0 });
  const minute = () => worker.scheduled({ scheduledTime: Date.now() } as ScheduledController, env);
  await minute();
  expect(await taken()).toEqual({ counted: 40_000, found: 40_000 });
  await minute();
  expect(await taken()).toEqual({ counted: 40_100, found: 40_100 });
}, 60_000);
