#!/usr/bin/env node
import "./node-20.ts";
import * as nodeModule from "node:module";

// Since Node 22: what a command loads is compiled once on a machine, and not at each call.
const { enableCompileCache }: { enableCompileCache?: () => void } = nodeModule as object;
enableCompileCache?.();
await import("../../../cli/concord.ts");
