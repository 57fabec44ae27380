/** What can be asked of a device, beyond reading it. Sources differ in what they take. */
export type DeviceCommand = "acknowledgeAlert" | "setDesiredState";

/** What people call a source, and which commands its devices take. */
export type SourceTraits = {
  readonly title: string;
  readonly takes: Readonly<Record<DeviceCommand, boolean>>;
};
