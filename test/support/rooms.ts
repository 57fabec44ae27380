import { fileURLToPath } from "node:url";

const shared = fileURLToPath(new URL("../../src/shared/", import.meta.url));
const sdk = fileURLToPath(new URL("../../packages/sdk/src/", import.meta.url));

/**
 * Finds `#…` in the rooms of src/shared, also for the files of packages/sdk: their own package.json says where the rooms
 * are once the package is built.
 */
export const ROOMS = [
  { find: /^#(?=[a-z]+\/)/, replacement: shared },
  // Examples import the SDK by its name, as a team does.
  { find: /^concord-sdk\/(.+)$/, replacement: `${sdk}$1.ts` },
];
