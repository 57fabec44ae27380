import type { PageProps } from "../console.tsx";

export function AuditPage(_: PageProps) {
  return <h1>Audit</h1>;
}
