import { expect, it } from "vitest";
import { accessLine } from "./access.ts";

const OPS = new URL("https://concord.example/ops/");

it.each([
  [302, "https://acme.cloudflareaccess.com/cdn-cgi/access/login/x", "Cloudflare Access is in front of"],
  [302, "/ops/login", "without Access"],
  [302, "https://acme.cloudflareaccess.com.evil.example/", "without Access"],
  [200, null, "was answered 200 without Access"],
  [undefined, null, "does not answer yet"],
])("an answer %s to %s is read as: %s", (status, location, line) => {
  expect(accessLine(OPS, location, status)).toContain(line);
});
