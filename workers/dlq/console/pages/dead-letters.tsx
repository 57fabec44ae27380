import type { PageProps } from "../console.tsx";

export function DeadLettersPage(_: PageProps) {
  return <h1>DeadLetters</h1>;
}
