import { parseTime, toMilliseconds } from "#domain/time.ts";
import { isObject, type Json } from "../json.ts";
import { spanText } from "../span.ts";

/**
 * What two values that differ have in common, in words that name the likely cause; `undefined` if nothing is seen.
 * Differences of one field with one cause have the same words, so that they can be counted.
 */
export function likeness(old: Json, newer: Json): string | undefined {
  if (isEmpty(old) && isEmpty(newer)) return "both are empty, in different ways";
  if (old === null || newer === null) return undefined;
  if (Array.isArray(old) && Array.isArray(newer)) return listLikeness(old, newer);
  if (isObject(old) || isObject(newer)) return undefined;
  return timeLikeness(old, newer) ?? typeLikeness(old, newer) ?? numberLikeness(old, newer) ?? textLikeness(old, newer);
}

const isEmpty = (value: Json): boolean =>
  value === null ||
  (typeof value === "string" && /^\s*$|^(null|none|n\/a|-)$/i.test(value)) ||
  (Array.isArray(value) && value.length === 0);

function listLikeness(old: readonly Json[], newer: readonly Json[]): string | undefined {
  const [ours, theirs] = [old, newer].map((list) => list.map((each) => JSON.stringify(each)).sort());
  if (!ours || !theirs) return undefined;
  if (ours.join() === theirs.join()) return "the same items in another order";
  if (theirs.every((each) => ours.includes(each))) return "the old side has more items";
  return ours.every((each) => theirs.includes(each)) ? "the new side has more items" : undefined;
}

function typeLikeness(old: Json, newer: Json): string | undefined {
  if (typeof old === typeof newer || String(old).trim() === "") return undefined;
  const isSame = String(old).toLowerCase() === String(newer).toLowerCase() || Number(old) === Number(newer);
  if (!isSame) return undefined;
  return `the same, but the old side has ${typeName(old)} and the new side ${typeName(newer)}`;
}

const typeName = (value: Json): string => (typeof value === "string" ? "text" : `a ${typeof value}`);

const OFFSETS_MS = 15 * 60_000;
const LONGEST_OFFSET_MS = 14 * 3_600_000;

function timeLikeness(old: Json, newer: Json): string | undefined {
  const [from, to] = [asTime(old), asTime(newer)];
  if (!from || !to) return undefined;
  const apartMs = toMilliseconds(to) - toMilliseconds(from);
  if (apartMs === 0) return from === to ? "the same time, written in another way" : "the same time, to another digit";
  const size = Math.abs(apartMs);
  for (const [name, unitMs] of [
    ["seconds", 1_000],
    ["minutes", 60_000],
    ["days", 86_400_000],
  ] as const) {
    if (size >= unitMs) continue;
    if (toMilliseconds(from) % unitMs === 0) return `the old side's time is cut off to ${name}`;
    if (toMilliseconds(to) % unitMs === 0) return `the new side's time is cut off to ${name}`;
  }
  if (size % OFFSETS_MS === 0 && size <= LONGEST_OFFSET_MS)
    return `exactly ${spanText(size)} apart, as of another time zone`;
  return `the ${apartMs > 0 ? "new" : "old"} side is later`;
}

const asTime = (value: Json) =>
  typeof value === "string"
    ? (parseTime(value) ?? parseTime(value.replace(" ", "T")) ?? parseTime(`${value.replace(" ", "T")}Z`))
    : undefined;

function numberLikeness(old: Json, newer: Json): string | undefined {
  if (typeof old !== "number" || typeof newer !== "number") return undefined;
  if (isNear(old, newer * 1.8 + 32)) return "the old side is in °F, the new one in °C";
  if (isNear(newer, old * 1.8 + 32)) return "the old side is in °C, the new one in °F";
  if (old === -newer) return "the same with another sign";
  for (const factor of [10, 60, 100, 1_000])
    for (const [side, one, other] of [
      ["old", old, newer],
      ["new", newer, old],
    ] as const)
      if (isNear(one, other * factor)) return `the ${side} side has ${factor.toLocaleString("en-US")} times the other`;
  return isNear(old, newer, 0.51) ? "the same, rounded" : undefined;
}

const isNear = (one: number, other: number, within = 0.051): boolean =>
  Math.abs(one - other) <= within && (within > 0.1 || Math.abs(other) > 1);

function textLikeness(old: Json, newer: Json): string | undefined {
  if (typeof old !== "string" || typeof newer !== "string") return undefined;
  if (old.trim() === newer.trim()) return "the same, apart from blanks around it";
  const [one, other] = [old, newer].map((text) => text.trim().replace(/\s+/g, " ")) as [string, string];
  if (one === other) return "the same, apart from blanks";
  if (seen(one) === seen(other)) return "the same, apart from characters that are not seen";
  if (one.toLowerCase() === other.toLowerCase()) return "the same, apart from upper and lower case";
  if (one.normalize("NFC") === other.normalize("NFC")) return "the same, in another form of Unicode";
  if (plain(one) === plain(other)) return "the same, apart from accents";
  if (one.length >= 4 && other.startsWith(one)) return "the old side's text is cut off";
  if (other.length >= 4 && one.startsWith(other)) return "the new side's text is cut off";
  if (lettersOf(one) === lettersOf(other) && lettersOf(one) !== "")
    return "the same letters and digits, other signs between";
  return isMojibake(one, other) ? "an encoding is read as another one" : undefined;
}

const seen = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, "");
const plain = (text: string): string => text.normalize("NFD").replace(/\p{Mn}/gu, "");
const lettersOf = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/** UTF-8 that somebody has read as Latin-1. */
const isMojibake = (one: string, other: string): boolean =>
  [
    [one, other],
    [other, one],
  ].some(([read = "", written = ""]) => Buffer.from(written, "utf8").toString("latin1") === read);
