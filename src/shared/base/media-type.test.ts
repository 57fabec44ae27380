import { describe, expect, it } from "vitest";
import { isNamed, isUtf8, parseMediaType, preferredType } from "./media-type.ts";

describe("a Content-Type", () => {
  it.each([
    ["application/json", "application/json", {}],
    ["Application/JSON", "application/json", {}],
    ["application/json;charset=utf-8", "application/json", { charset: "utf-8" }],
    ['application/json ;\t Charset="UTF-8"', "application/json", { charset: "UTF-8" }],
    ["application/json; charset=utf-8; profile=x", "application/json", { charset: "utf-8", profile: "x" }],
    ["application/json;", "application/json", {}],
    ['text/plain; x="application/json, y"', "text/plain", { x: "application/json, y" }],
  ])("%s is read", (text, type, parameters) => {
    expect(parseMediaType(text)).toMatchObject({ type, parameters });
  });

  it.each([undefined, null, "", " ", "json", "application/", "application/json, text/plain", "a/b/c", "a b/c", ";x=y"])(
    "%j is none",
    (text) => {
      expect(parseMediaType(text)).toBeUndefined();
    },
  );

  it.each([
    ["application/json", true],
    ["application/json;charset=UTF-8", true],
    ['application/json;charset="utf8"', true],
    ["application/json;charset=iso-8859-1", false],
    ["application/json;charset=utf-16", false],
  ])("%s is UTF-8: %s", (text, is) => {
    expect(isUtf8(parseMediaType(text) as never)).toBe(is);
  });
});

describe("an Accept header", () => {
  const OURS = ["application/json", "application/graphql-response+json", "text/event-stream"] as const;

  it.each([
    [undefined, "application/json"],
    ["", "application/json"],
    ["*/*", "application/json"],
    ["*", "application/json"],
    ["application/*", "application/json"],
    ["text/*", "text/event-stream"],
    ["APPLICATION/Graphql-Response+JSON", "application/graphql-response+json"],
    ["application/graphql-response+json, application/json", "application/graphql-response+json"],
    ["application/json, application/graphql-response+json", "application/json"],
    ["application/json;q=0.9 , application/graphql-response+json", "application/graphql-response+json"],
    ["application/graphql-response+json;q=0.1, application/json;q=0.2", "application/json"],
    ["application/json;q=0, */*", "application/graphql-response+json"],
    ["*/*, application/json;Q=0", "application/graphql-response+json"],
    ["application/*;q=0, */*;q=0.1", "text/event-stream"],
    ["*/*, application/graphql-response+json", "application/graphql-response+json"],
    ["*/*;q=0.8, application/graphql-response+json;q=0.5", "application/json"],
    ['application/graphql-response+json; charset="UTF-8"', "application/graphql-response+json"],
    ["application/json;charset=latin1, application/graphql-response+json;q=0.1", "application/graphql-response+json"],
    ["application/json;charset=utf-8;q=0.2, application/json;q=0", "application/json"],
    ["text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "application/json"],
    ["text/csv", undefined],
    ["application/json;q=0", undefined],
    ["*/*;q=0", undefined],
    ["application/json;charset=utf-16", undefined],
    ["nonsense", undefined],
  ])("%j prefers %j", (accept, type) => {
    expect(preferredType(accept, OURS)).toBe(type);
  });

  it.each([
    ["text/event-stream", true],
    ["TEXT/event-stream;q=0.1, */*", true],
    ["text/*", true],
    ["*/*", false],
    ["", false],
    [undefined, false],
    ["text/event-stream;q=0, text/*", false],
  ])("%j names an event stream: %s", (accept, is) => {
    expect(isNamed(accept, "text/event-stream")).toBe(is);
  });
});
