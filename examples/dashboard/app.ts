import { ConcordClient, keepSeen } from "concord-sdk/graphql";
import { LiveClient } from "concord-sdk/live";
import { DeviceList, DevicePage, WatchDevice, WatchDevices } from "./generated.ts";

export type AppOptions = {
  /** Where Concord is: https://concord.example */
  readonly origin: string;
  /** The bearer token of whoever is signed in. */
  readonly token: () => string | Promise<string>;
  /** Shows lines of text, one an item. */
  readonly show: (part: "devices" | "device" | "live", lines: readonly string[]) => void;
  /** The browser's `localStorage`: another tab sees what this one wrote. */
  readonly storage?: Storage;
};

/**
 * A dashboard without a framework: a list and a page of one device, which show what happens while somebody looks. Both
 * subscribe over one socket.
 */
export function startApp({ origin, token, show, storage }: AppOptions) {
  const seen = keepSeen({ storage });
  const concord = new ConcordClient({ url: `${origin}/graphql`, token, seen });
  const live = new LiveClient({ url: `${origin.replace(/^http/, "ws")}/live`, token, seen });
  let stopList = () => {};
  let stop = () => {};

  return {
    async openList(): Promise<void> {
      const { data, errors } = await concord.ask(DeviceList, { first: 20, filter: {} });
      const rows = new Map(data.devices?.edges.map(({ node }) => [node.key, rowOf(node)]));
      const showRows = () => show("devices", [...rows.values(), ...errors.map(({ message }) => message)]);
      showRows();
      stopList();
      if (rows.size === 0) return;
      stopList = live.watch(
        WatchDevices,
        { keys: [...rows.keys()] },
        {
          onItem: ({ devicesChanged: { deviceKey, device } }) => {
            if (device) rows.set(deviceKey, rowOf(device));
            else rows.delete(deviceKey);
            showRows();
          },
        },
      );
    },

    async openDevice(key: string): Promise<void> {
      stop();
      const { data } = await concord.ask(DevicePage, { key });
      show("device", data.device ? [`${data.device.name ?? key} ${data.device.status}`] : ["There is no such device."]);
      const lines: string[] = [];
      stop = live.watch(
        WatchDevice,
        { key },
        {
          onItem: ({ deviceChanged: { kind, revision, device } }) => {
            lines.push(`${revision} ${kind} ${device?.report?.indoorTemperatureC ?? "–"} °C`);
            show("live", lines);
          },
        },
      );
    },

    close(): void {
      stopList();
      stop();
    },
  };
}

type Row = { readonly key: string; readonly status: string; readonly customer: { readonly name: string } | null };

const rowOf = ({ key, status, customer }: Row): string => `${key} ${status} ${customer?.name ?? "no customer"}`;
