import { describe, expect, it } from "vitest";
import { quotesOneOf } from "./quotes.ts";

describe("quotesOneOf", () => {
  it.each([
    ["a call of Al.", "Al", true],
    ["Al", "Al", true],
    ["Altona, and then Al", "Al", true],
    ["Altona", "Al", false],
    ["Global", "al", false],
    ["Zoë", "Zo", false],
    ["the number +1 555-0100 again", "+1 555-0100", true],
    ["x+1 555", "+1 555", true],
    ["al@example.com wrote", "al@example.com", true],
    [String.raw`{"note":"line\nAl \"Bo\""}`, "Al", true],
    [String.raw`{"name":"Al \"Bo\" Capone"}`, 'Al "Bo" Capone', true],
    [String.raw`{"name":"Zo\u00eb"}`, "Zoë", true],
    ["anything", "", false],
  ])("%j has %j by itself: %j", (text, word, expected) => {
    expect(quotesOneOf(text, [word])).toBe(expected);
  });
});
