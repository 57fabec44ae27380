import type { Environment } from "../environment.ts";
import { FRONT_DOOR, type Worker } from "../workers.ts";
import type { CloudflareApi } from "./cloudflare-api.ts";

/**
 * The address at which an environment is reached.
 * @returns undefined while the account has not chosen its name under workers.dev
 */
export async function findFrontDoor(
  { front_door: { address } }: Environment,
  workers: readonly Worker[],
  api: Pick<CloudflareApi, "findSubdomain">,
): Promise<URL | undefined> {
  if (address !== "workers.dev") return new URL(`https://${address}`);
  const subdomain = await api.findSubdomain();
  const { name } = workers.find(({ folder }) => folder === FRONT_DOOR) as Worker;
  return subdomain === null ? undefined : new URL(`https://${name}.${subdomain}.workers.dev`);
}
