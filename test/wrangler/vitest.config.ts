import { defineConfig } from "vitest/config";
import { ROOMS } from "../support/rooms.ts";

/** The installed wrangler, which takes a second to start: `npm run test:wrangler`, and no part of `npm test`. */
export default defineConfig({
  resolve: { alias: ROOMS },
  test: { include: ["test/wrangler/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
});
