import type { Page } from "playwright-core";
import type { OpsRole } from "#auth/ops-user.ts";
import type { Letter } from "#ops/api.ts";
import type { Stack } from "../../local/stack.ts";
import { tokenFor } from "./browser.ts";

type Asked = { readonly method?: "GET" | "POST" | "PATCH"; readonly role?: OpsRole; readonly body?: unknown };

/** What the operations API answers. @param path behind /ops/api */
export async function opsOf<T>(
  stack: Stack,
  path: string,
  { method = "GET", role = "viewer", body }: Asked = {},
): Promise<T> {
  const response = await fetch(new URL(`/ops/api${path}`, stack.url), {
    method,
    headers: { Authorization: `Bearer ${await tokenFor(role)}`, "Content-Type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** The letters of a topic, newest failure first. */
export const lettersIn = async (stack: Stack, topic: string): Promise<readonly Letter[]> =>
  (await opsOf<{ deadLetters: Letter[] }>(stack, `/dead-letters?topic=${topic}`)).deadLetters;

export const rowOf = (page: Page, text: string) => page.getByRole("row").filter({ hasText: text });
