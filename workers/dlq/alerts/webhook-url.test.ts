import { expect, it } from "vitest";
import { webhookUrlProblem } from "./webhook-url.ts";

const HOSTS = ["hooks.example.com", "*.pager.example", "127.0.0.1", "localhost", "10.0.0.1", "metadata.internal"];

it.each([
  "https://hooks.example.com/a?b=c",
  "https://HOOKS.example.com./x",
  "https://eu.pager.example/",
  "https://a.b.pager.example/",
])("the webhook %s may be called", (url) => {
  expect(webhookUrlProblem(url, HOSTS)).toBeUndefined();
});

it.each([
  "nonsense",
  "http://hooks.example.com/",
  "ftp://hooks.example.com/",
  "https://hooks.example.com:8443/",
  "https://ann@hooks.example.com/",
  "https://ann:secret@hooks.example.com/",
  "https://evil.example/",
  "https://hooks.example.com.evil.example/",
  "https://evilhooks.example.com/",
  "https://pager.example/",
  "https://evilpager.example/",
  "https://127.0.0.1/",
  "https://2130706433/",
  "https://0x7f.1/",
  "https://0177.0.0.1/",
  "https://127.1/",
  "https://10.0.0.1/",
  "https://[::1]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[fd00::1]/",
  "https://169.254.169.254/latest/meta-data",
  "https://localhost/",
  "https://LOCALHOST./",
  "https://hooks/",
  "https://metadata.internal/",
  "https://printer.local/",
  "https://1.0.0.127.in-addr.arpa/",
])("the webhook %s is refused", (url) => {
  expect(webhookUrlProblem(url, HOSTS)).toEqual(expect.any(String));
});

it("a list with a whole top-level domain allows no host", () => {
  expect(webhookUrlProblem("https://hooks.example/", ["*.example"])).toEqual(expect.any(String));
});

it("this machine is called only locally, and only by the address on the list", () => {
  expect(webhookUrlProblem("http://127.0.0.1:9999/", HOSTS, true)).toBeUndefined();
  expect(webhookUrlProblem("http://127.0.0.1:9999/", [], true)).toEqual(expect.any(String));
  expect(webhookUrlProblem("http://localhost:9999/", HOSTS, true)).toEqual(expect.any(String));
});
