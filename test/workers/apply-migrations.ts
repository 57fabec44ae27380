import { applyD1Migrations, type D1Migration, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { asOne } from "./as-one.ts";

const { DB, MIGRATIONS } = env as unknown as { DB: D1Database; MIGRATIONS: D1Migration[] };

// Files share a runtime, since starting one takes longer than most of them; none sees what another left.
await reset();
await applyD1Migrations(DB, asOne(MIGRATIONS));
