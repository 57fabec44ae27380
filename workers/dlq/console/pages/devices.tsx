import type { PageProps } from "../console.tsx";

export function DevicesPage(_: PageProps) {
  return <h1>Devices</h1>;
}
