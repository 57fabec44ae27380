import type { PageProps } from "../console.tsx";

export function FlowPage(_: PageProps) {
  return <h1>Flow</h1>;
}
