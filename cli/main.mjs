#!/usr/bin/env node
// JavaScript, so that the cache is on before Node compiles the first TypeScript file, and an older Node can read it.
import * as nodeModule from "node:module";

if (process.features.typescript) {
  nodeModule.enableCompileCache?.();
  await import("./concord.ts");
} else {
  console.error(
    `concord: Node ${process.version} does not run TypeScript. \`npx concord\` uses the Node that \`npm ci\` installs.`,
  );
  process.exitCode = 1;
}
