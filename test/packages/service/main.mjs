// A service with the libraries that concord-sdk leaves to it: every entry point loads, and repositories read a database.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { DeviceRepository, parsePage } from "concord-sdk/repositories";

const { exports } = JSON.parse(readFileSync(new URL(import.meta.resolve("concord-sdk/package.json")), "utf8"));
for (const path of Object.keys(exports).filter((each) => !each.endsWith(".json"))) {
  await import(`concord-sdk${path.slice(1)}`);
}

const asked = [];
const statement = {
  bind: (...values) => {
    asked.push(...values);
    return { ...statement, all: async () => ({ results: [], meta: {} }), raw: async () => [] };
  },
};
const db = { prepare: () => statement, withSession: () => db, getBookmark: () => null };
const found = await new DeviceRepository(db).findAll({ role: "dealer", dealerIds: ["D-1"] }, ["elt:t-1"]);
assert.deepEqual(found, []);
assert.equal(JSON.stringify(asked).includes("D-1"), true);
assert.equal(typeof parsePage, "function");
