import { describe, expect, it } from "vitest";
import type { Customer } from "#domain/change.ts";
import { customerTombstone } from "#domain/forgotten.ts";
import type { Register } from "#domain/register.ts";
import type { Version } from "#domain/version.ts";
import { compareParty } from "./party.ts";

const at = (second: number, name: string): Register<Customer> => ({
  version: `2026-11-23T13:00:0${second}.000Z/e` as Version,
  value: { customerId: "C-1", name },
});
const TOMBSTONE = { ...customerTombstone("C-1"), name: "" };
const live = (register: Register<Customer>) => ({ ...register, name: register.value.name });

const found = (...[one, other]: [Parameters<typeof compareParty>[2], Parameters<typeof compareParty>[3]]) =>
  compareParty("customer", "elt:C-1", one, other).map(({ path, cause, isAbove }) => `${path} ${cause} ${isAbove}`);

describe("compareParty", () => {
  it.each<[string, string[], string[]]>([
    ["the same record", found(live(at(1, "Ann")), at(1, "Ann")), []],
    ["no record", found(null, at(1, "Ann")), ["* missing false"]],
    ["an unknown record", found(live(at(1, "Ann")), null), ["* notArchived true"]],
    ["an older record", found(live(at(1, "Ann")), at(2, "Ben")), ["value.name older false"]],
    ["an older version of the same content", found(live(at(1, "Ann")), at(2, "Ann")), ["version older false"]],
    ["a newer record", found(live(at(2, "Ben")), at(1, "Ann")), ["value.name newer true"]],
    ["a smaller value of the same version", found(live(at(1, "Ann")), at(1, "Ben")), ["value.name sameVersion false"]],
    ["another name to sort by", found({ ...at(1, "Ann"), name: "Ben" }, at(1, "Ann")), ["name derived false"]],
    ["the tombstone of a customer who was forgotten", found(TOMBSTONE, at(1, "[forgotten]")), []],
    ["a name beside a tombstone", found({ ...TOMBSTONE, name: "Ann" }, null), ["name derived false"]],
  ])("names %s", (_, differences, expected) => {
    expect(differences).toEqual(expected);
  });
});
