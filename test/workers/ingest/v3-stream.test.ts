import { describe, expect, it } from "vitest";
import type { Receipt } from "../../../workers/ingest/accept.ts";
import { type StreamDeps, streamReceipts } from "../../../workers/ingest/rest-proxy/v3-stream.ts";
import { eventValue } from "../../support/records.ts";

const TOPIC = "device.elt.status.reported";
const record = (eventId: string) =>
  JSON.stringify({ value: { type: "JSON", data: eventValue({ topic: TOPIC, eventId, deviceId: "größe" }) } });

const deps = (over: Partial<StreamDeps> = {}): StreamDeps => ({
  topic: TOPIC,
  clusterId: "c",
  now: Date.now,
  take: async (records) =>
    records.map(({ entry }): Receipt => (entry.kind === "refused" ? entry : { kind: "accepted" })),
  ...over,
});

async function answersTo(chunks: readonly Uint8Array[], over: Partial<StreamDeps> = {}) {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const { receipts } = await streamReceipts(body, deps(over));
  const lines = (await new Response(receipts).text()).split("\r\n");
  return lines
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { error_code: number; message?: string; offset?: number });
}

const utf8 = (text: string) => new TextEncoder().encode(text);

describe("a v3 stream", () => {
  it("gives the same receipts wherever its bytes are split, inside a character too", async () => {
    const bytes = utf8([record("1"), record("2"), record("3")].join("\n"));
    for (let cut = 1; cut < bytes.length; cut += 7) {
      const answers = await answersTo([bytes.slice(0, cut), bytes.slice(cut)]);
      expect(answers.map(({ error_code }) => error_code)).toEqual([200, 200, 200]);
    }
  });

  it("answers a record before the next one is sent", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const write = (text: string) => writer.write(utf8(text));
    void write(record("1"));
    const { receipts } = await streamReceipts(readable, deps());
    const reader = receipts.getReader();
    for (let n = 1; n <= 3; n++) {
      const { value } = await reader.read();
      expect(JSON.parse(new TextDecoder().decode(value))).toMatchObject({ error_code: 200, topic_name: TOPIC });
      if (n < 3) void write(record(String(n + 1)));
    }
    await writer.close();
    expect((await reader.read()).done).toBe(true);
  });

  it("sends records that arrive together to the queue together, however many pieces they are read in", async () => {
    const all = utf8(Array.from({ length: 40 }, (_, i) => record(String(i))).join("\n"));
    const pieces = Array.from({ length: Math.ceil(all.length / 512) }, (_, i) => all.slice(i * 512, (i + 1) * 512));
    const taken: number[] = [];
    const answers = await answersTo(pieces, {
      take: async (records) => {
        taken.push(records.length);
        return records.map((): Receipt => ({ kind: "accepted" }));
      },
    });
    expect(answers).toHaveLength(40);
    expect(taken).toEqual([40]);
  });

  it("has ascending receipts over all chunks", async () => {
    const now = () => 1_000;
    const answers = await answersTo([utf8(record("1") + record("2")), utf8(record("3"))], { now });
    expect(answers.map(({ offset }) => offset)).toEqual([1_000_000, 1_000_001, 1_000_002]);
  });

  it("ends with one 400 at text that is not a record, and keeps the records before it", async () => {
    const answers = await answersTo([utf8(`${record("1")} nonsense ${record("2")}`)]);
    expect(answers.map(({ error_code }) => error_code)).toEqual([200, 400]);
  });

  it("ends with one 400 if it ends inside a record", async () => {
    const answers = await answersTo([utf8(record("1") + record("2").slice(0, -3))]);
    expect(answers.map(({ error_code }) => error_code)).toEqual([200, 400]);
  });

  it("ends with one 400 at bytes that are not UTF-8", async () => {
    const answers = await answersTo([utf8(record("1")), new Uint8Array([0x7b, 0x22, 0xff])]);
    expect(answers.map(({ error_code }) => error_code)).toEqual([200, 400]);
  });

  it("ends at the first record over the limit with exactly one receipt for it", async () => {
    const big = JSON.stringify({ value: { type: "JSON", data: "x".repeat(70_000) } });
    const huge = `{"value":{"type":"JSON","data":"${"x".repeat(200_000)}`;
    for (const over of [big, huge]) {
      const answers = await answersTo([utf8(record("1") + over), utf8(record("3"))]);
      expect(answers.map(({ error_code, message }) => [error_code, message])).toEqual([
        [200, undefined],
        [400, "Produce request size is larger than allowed threshold"],
      ]);
    }
  });

  it("ends with 408 if it stays open too long while the client is silent", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    void writable.getWriter().write(utf8(record("1")));
    const { receipts } = await streamReceipts(readable, deps({ streamMs: 100 }));
    const answers = (await new Response(receipts).text())
      .trim()
      .split("\r\n")
      .map((line) => JSON.parse(line));
    expect(answers.map(({ error_code }) => error_code)).toEqual([200, 408]);
  });

  it("is refused before it opens if there is no body", async () => {
    await expect(streamReceipts(null, deps())).rejects.toMatchObject({ code: 42206 });
  });

  it("has an error receipt for each record that the queue did not take", async () => {
    const take: StreamDeps["take"] = async (records) =>
      records.map((_, i) => (i === 0 ? { kind: "accepted" } : { kind: "refused", code: 50003, message: "again" }));
    const answers = await answersTo([utf8(record("1") + record("2"))], { take });
    expect(answers.map(({ error_code }) => error_code)).toEqual([200, 50003]);
  });
});
