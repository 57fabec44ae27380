import { applyD1Migrations, type D1Migration, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";

type Its = { readonly DB: D1Database; readonly REBUILT: D1Database; readonly MIGRATIONS: D1Migration[] };
const { DB, REBUILT, MIGRATIONS } = env as unknown as Its;

await reset();
await applyD1Migrations(DB, MIGRATIONS);
await applyD1Migrations(REBUILT, MIGRATIONS);
