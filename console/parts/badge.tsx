import type { ComponentChildren } from "preact";

/** What a word is about, as the console colours it. Never by colour alone: the word says it too. */
export type Tone = "good" | "bad" | "warn" | "info" | "quiet";

export const Badge = ({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) => (
  <span class={`badge ${tone}`}>{children}</span>
);
