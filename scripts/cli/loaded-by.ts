import type { Metafile } from "esbuild";

export type Loaded = { readonly bytes: number; readonly packages: readonly string[] };

/** What is loaded with a source file: the chunk that has it, and all that this imports at once. */
export function loadedWith({ outputs }: Metafile, sources: readonly string[]): Loaded {
  const chunks = new Set(Object.keys(outputs).filter((path) => sources.includes(outputs[path]?.entryPoint ?? "")));
  for (const chunk of chunks) {
    for (const { path, kind } of outputs[chunk]?.imports ?? [])
      if (kind === "import-statement" && outputs[path]) chunks.add(path);
  }
  const inputs = [...chunks].flatMap((chunk) => Object.keys(outputs[chunk]?.inputs ?? {}));
  return {
    bytes: [...chunks].reduce((sum, chunk) => sum + (outputs[chunk]?.bytes ?? 0), 0),
    packages: [...new Set(inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []))].sort(),
  };
}
