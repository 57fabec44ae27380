import { join } from "node:path";
import { npm } from "./npm.ts";

/** Packs a package as `npm publish` would. @returns the path of the tarball, in the folder `into` */
export function packPackage(folder: string, into: string): string {
  const [packed] = JSON.parse(npm(["pack", "--json", "--pack-destination", into], { cwd: folder })) as [
    { readonly filename: string },
  ];
  return join(into, packed.filename);
}
