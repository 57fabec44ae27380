import { join, relative } from "node:path";
import { ROOT } from "../../local/tool.ts";
import { SDK } from "./build.ts";
import { runSdkTool } from "./npm.ts";

/** `npm run docs:sdk`: the pages of the SDK's API, from its docstrings. Not committed: they are as new as their source. */
const folder = join(ROOT, "dist/sdk");
runSdkTool("typedoc/bin/typedoc", ["--out", folder], SDK);
console.log(`Open ${join(relative(ROOT, folder), "index.html")}.`);
