import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";

export type PageServer = { readonly origin: string; readonly close: () => void };

/** Serves the page from an origin of its own. */
export async function servePage(): Promise<PageServer> {
  const script = build({
    entryPoints: [join(import.meta.dirname, "page.ts")],
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "error",
  });
  const server = createServer(async ({ url }, response) => {
    if (url === "/page.js") {
      const [file] = (await script).outputFiles;
      return response.setHeader("Content-Type", "text/javascript").end(file?.text);
    }
    return response
      .setHeader("Content-Type", "text/html; charset=utf-8")
      .end('<!doctype html><title>another origin</title><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
