import { expect, it } from "vitest";
import { RETENTION } from "#archive/retention.ts";
import { HISTORY_LIMIT } from "#domain/history.ts";
import { MAX_PAGES, PAGE_EVENTS } from "./older-events.ts";

it("an object keeps as many events as the table of retentions says", () => {
  expect(HISTORY_LIMIT + MAX_PAGES * PAGE_EVENTS).toBe(RETENTION.objectEvents);
});
