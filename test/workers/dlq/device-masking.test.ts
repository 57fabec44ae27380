import { beforeEach, describe, expect, it, vi } from "vitest";
import { exampleValue, listPiiPaths, toJsonSchema } from "#contracts/describe.ts";
import { CONTRACTS } from "#contracts/index.ts";
import type { Registration, StatusReport } from "#domain/change.ts";
import type { Aspects } from "#domain/device.ts";
import type { HistoryEntry } from "#domain/history.ts";
import { emptyTables, registered, seedCustomers, seedDevices, version } from "../seeds.ts";
import { CANARY, D1, get, keysOf, online } from "./device-requests.ts";
import { env } from "./support.ts";

beforeEach(async () => {
  vi.restoreAllMocks();
  await emptyTables();
});

const PLACE = { latitude: 12.345678, longitude: 87.654321 };

const secretPlace = { country: "US", region: "Texas", city: CANARY, postalCode: CANARY, timeZone: "UTC", ...PLACE };

/** Sets the canary at a path such as `data.customer.email`. */
function plant(value: object, path: string): unknown {
  const planted = structuredClone(value) as Record<string, unknown>;
  const names = path.split(".");
  const last = names.pop() as string;
  let place = planted;
  for (const name of names) {
    place[name] ??= {};
    place = place[name] as Record<string, unknown>;
  }
  place[last] = CANARY;
  return planted.data;
}

const plantedHistory = (): HistoryEntry[] =>
  CONTRACTS.flatMap((contract) => {
    const paths = listPiiPaths(toJsonSchema(contract)).filter((path) => !path.includes("[]"));
    return [...paths, "data.nobodyKnows", `data.${CANARY}`].map((path) => ({
      topic: contract.topic,
      data: plant(exampleValue(contract), path),
    }));
  }).map((entry, i) => ({ ...entry, version: version(i, `e-${i}`) }));

describe("personal data of a device", () => {
  it("is in no answer for any role, and is found by no search", async () => {
    const logged: string[] = [];
    for (const level of ["log", "info", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation((...said) => void logged.push(said.map(String).join(" ")));
    }
    const registration = { ...registered("S-1").registration?.value, location: secretPlace } as Registration;
    const aspects: Aspects = {
      registration: { version: version(0), value: registration },
      profile: { version: version(1), value: { name: CANARY, model: "M-2", features: ["fan"], location: secretPlace } },
      status: { version: version(2), value: { online: true, mode: "heat", owner: CANARY } as unknown as StatusReport },
    };
    await seedCustomers({ customerId: "C-1", name: CANARY, email: CANARY, phone: CANARY });
    await seedDevices({ key: "elt:secret", aspects, customerId: "C-1", dealers: D1 });
    await (env.DEVICES.getByName("elt:secret") as unknown as { remember(_: unknown): Promise<void> }).remember({
      latest: version(9),
      aspects,
      history: plantedHistory().toReversed(),
    });
    const shown: string[] = [];
    let read = 0;
    for (const role of ["viewer", "operator", "admin"] as const) {
      const paths = ["?first=100", "?text=elt:secret", "/elt:secret"];
      for (let next: string | null = "/elt:secret/events?first=100"; next; ) {
        paths.push(next);
        const { body } = await get(next, { role });
        read += body.events.length;
        next = body.nextCursor && `/elt:secret/events?first=100&after=${body.nextCursor}`;
      }
      for (const path of paths) {
        const { status, text } = await get(path, { role });
        expect([path, status]).toEqual([path, 200]);
        const secrets = [CANARY, String(PLACE.latitude), String(PLACE.longitude)];
        if (secrets.some((secret) => text.includes(secret))) shown.push(`${role} ${path}: ${text}`);
      }
    }
    expect(read).toBe(3 * plantedHistory().length);
    expect(shown).toEqual([]);
    expect(keysOf((await get(`?text=${CANARY}`)).body)).toEqual([]);
    expect(logged.filter((line) => line.includes(CANARY))).toEqual([]);
  });

  it("is masked and the rest is not, and an unknown value stays null", async () => {
    const value = { name: "Ann's room", model: "M-2", features: ["fan"], location: secretPlace };
    await seedDevices(
      { key: "elt:1", aspects: { profile: { version: version(1), value } } },
      { key: "elt:2", aspects: online({ online: true }) },
    );
    expect((await get("/elt:1")).body).toMatchObject({
      name: "•••",
      model: "M-2",
      features: ["fan"],
      location: {
        country: "US",
        region: "Texas",
        city: "•••",
        postalCode: "•••",
        timeZone: "UTC",
        latitude: "••• number",
      },
    });
    expect((await get("/elt:2")).body).toMatchObject({ name: null, model: null, location: null, features: [] });
  });
});
