import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  driver: "d1-http",
  schema: "./src/shared/repositories/*tables.ts",
  out: "./migrations",
});
