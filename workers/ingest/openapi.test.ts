import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { openApiDocument } from "./openapi.ts";

describe("the OpenAPI document", () => {
  const document = openApiDocument("https://concord.example");

  it("is valid OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document) as object);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it("names each operation once, and points at nothing that is not there", () => {
    const text = JSON.stringify(document);
    const ids = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const schemas = new Set(Object.keys(document.components.schemas));
    for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) expect(schemas).toContain(name);
  });
});
