import type { OpsUser } from "#auth/ops-role.ts";
import type { Route } from "./route.ts";

/** What a page is given. */
export type PageProps = { readonly route: Route; readonly user: OpsUser };
