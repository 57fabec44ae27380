import { ConcordClient, keepSeen } from "concord-sdk/graphql";
import { type Watching, watch } from "concord-sdk/live";
import { DeviceList, DevicePage, WatchDevice } from "./generated.ts";

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

/** A dashboard without a framework: a list, a page of one device, and what happens to it while somebody looks. */
export function startApp({ origin, token, show, storage }: AppOptions) {
  const seen = keepSeen({ storage });
  const concord = new ConcordClient({ url: `${origin}/graphql`, token, seen });
  let watching: Watching | undefined;

  return {
    async openList(): Promise<void> {
      const { data, errors } = await concord.ask(DeviceList, { first: 20, filter: {} });
      const devices = data.devices?.edges.map(({ node }) => node) ?? [];
      show("devices", [
        ...devices.map(({ key, status, customer }) => `${key} ${status} ${customer?.name ?? "no customer"}`),
        ...errors.map(({ message }) => message),
      ]);
    },

    async openDevice(key: string): Promise<void> {
      watching?.stop();
      const { data } = await concord.ask(DevicePage, { key });
      show("device", data.device ? [`${data.device.name ?? key} ${data.device.status}`] : ["There is no such device."]);
      const lines: string[] = [];
      watching = watch(
        { device: key },
        WatchDevice,
        { key },
        {
          url: `${origin.replace(/^http/, "ws")}/live`,
          token,
          seen,
          onItem: ({ deviceChanged: { kind, revision, device } }) => {
            lines.push(`${revision} ${kind} ${device?.report?.indoorTemperatureC ?? "–"} °C`);
            show("live", lines);
          },
        },
      );
    },

    close: (): void => watching?.stop(),
  };
}
