import "./devices.css";
import "./devices/device.css";
import "./devices/timeline.css";
import "./devices/event-list.css";
import "./devices/readings.css";
import type { PageProps } from "../page.ts";
import { DeviceView } from "./devices/device.tsx";
import { SearchView } from "./devices/search.tsx";

/** `#/devices?text=…` looks for devices, and `#/devices/<key>` shows one as it lives. */
export function DevicesPage({ route }: PageProps) {
  const [, key] = route.path;
  // One device's state is not the next one's.
  return key === undefined ? <SearchView route={route} /> : <DeviceView key={key} deviceKey={key} route={route} />;
}
