import { type Device, viewDevice } from "#domain/device.ts";
import { sourceOf } from "#domain/event.ts";
import type { Fleet } from "#domain/fleet.ts";
import { partyKeyOf } from "#domain/party.ts";
import { isBeginning, searchWordsIn } from "#repositories/search-text.ts";

/** Words as the full-text index has them: runs of letters and digits, without case and accents. */
const wordsOf = (text: string): string[] =>
  text
    .normalize("NFD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .split(/[^\p{L}\p{N}\p{Co}]+/u)
    .filter((word) => word !== "");

/** Whether the words of `wanted` stand in `text` one after the other; the last one as a beginning if it may be one. */
function hasPhrase(text: readonly string[], wanted: readonly string[], mayBegin: boolean): boolean {
  const fits = (at: number) =>
    wanted.every((word, i) => {
      const there = text[at + i] ?? "";
      return mayBegin && i === wanted.length - 1 ? there.startsWith(word) : there === word;
    });
  return text.some((_, at) => at + wanted.length <= text.length && fits(at));
}

/** Whether a search finds a device by its name, its serial number, or its customer's name. */
export function isFoundBy(search: string, device: Device, { customers }: Fleet): boolean {
  const { name, serialNumber, customerId } = viewDevice(device);
  const customer = customerId === null ? null : customers.get(partyKeyOf(sourceOf(device.key), customerId));
  const texts = [name, serialNumber, customer?.value.name].map((text) => wordsOf(text ?? ""));
  const words = searchWordsIn(search);
  return words.every((word, i) => {
    const mayBegin = i === words.length - 1 && isBeginning(word);
    return texts.some((text) => hasPhrase(text, wordsOf(word), mayBegin));
  });
}
