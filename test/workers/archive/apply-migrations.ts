import { applyD1Migrations, type D1Migration, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { asOne } from "../as-one.ts";

type Its = { readonly DB: D1Database; readonly REBUILT: D1Database; readonly MIGRATIONS: D1Migration[] };
const { DB, REBUILT, MIGRATIONS } = env as unknown as Its;

await reset();
await applyD1Migrations(DB, asOne(MIGRATIONS));
await applyD1Migrations(REBUILT, asOne(MIGRATIONS));
