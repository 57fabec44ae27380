import type { Data } from "./answer.ts";

/** Reads a subscription's items by hand, as they come. */
export async function readEvents(chunks: AsyncIterable<string>, next: (data: Data) => void): Promise<void> {
  let text = "";
  for await (const chunk of chunks) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = /^data: ?(.+)$/m.exec(block)?.[1];
      if (/^event: ?next$/m.test(block) && data) next(JSON.parse(data).data);
    }
  }
}
