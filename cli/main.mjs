#!/usr/bin/env node
// JavaScript, so that Node need not load its TypeScript reader: the cache has what it once read.
import { enableCompileCache } from "node:module";

enableCompileCache?.();
await import("./concord.ts");
