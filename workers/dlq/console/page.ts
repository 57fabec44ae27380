import type { DeskUser } from "../../../src/shared/auth/desk-role.ts";
import type { Route } from "./route.ts";

/** What a page is given. */
export type PageProps = { readonly route: Route; readonly user: DeskUser };
