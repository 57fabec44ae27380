import type { PageProps } from "../console.tsx";

export function TopicsPage(_: PageProps) {
  return <h1>Topics</h1>;
}
