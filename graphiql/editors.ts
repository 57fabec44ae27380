/** The editors' workers, which esbuild bundles beside the page: see local/graphiql.ts. */
const WORKERS: Readonly<Record<string, string>> = { graphql: "graphql.worker.js", json: "json.worker.js" };

const environment = {
  getWorker: (_: string, label: string): Worker =>
    new Worker(`/graphql/assets/${WORKERS[label] ?? "editor.worker.js"}`, { type: "module" }),
};

Object.assign(globalThis, { MonacoEnvironment: environment });
