import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

/** What an entry point leads to: rooms of src/shared and libraries, of its code and of its types. */
type Reach = { readonly rooms: Set<string>; readonly libraries: Set<string> };

/** An import or export of another module. With `verbatimModuleSyntax`, only `import type` and `export type` cost nothing. */
const STATEMENT =
  /^(?:import|export)\s+(?<type>type\s+)?(?:[\w$*][\w$*, ]*|[\w$, ]*\{[^}]*\})\s+from\s+"(?<target>[^"]+)"/gm;

const ROOM = /^#(?<room>[a-z]+)\/(?<file>.*)$/;

/** `@apollo/client` of `@apollo/client/cache`, `jose` of `jose/errors`. */
const LIBRARY = /^(?:@[^/]+\/)?[^/]+/;

function reachOf(entry: string, what: "code" | "types"): Reach {
  const reach: Reach = { rooms: new Set(), libraries: new Set() };
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { groups } of readFileSync(path, "utf8").matchAll(STATEMENT)) {
      const target = groups?.target ?? "";
      if (what === "code" && groups?.type !== undefined) continue;
      const { room, file = "" } = ROOM.exec(target)?.groups ?? {};
      if (room) {
        reach.rooms.add(room);
        visit(join("src/shared", room, file));
      } else if (target.startsWith(".")) visit(join(dirname(path), target));
      else reach.libraries.add(LIBRARY.exec(target)?.[0] ?? target);
    }
  };
  visit(`packages/sdk/src/${entry}.ts`);
  return reach;
}

const MANIFEST = JSON.parse(readFileSync("packages/sdk/package.json", "utf8")) as {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly imports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
};

const ENTRIES = globSync("*.ts", { cwd: "packages/sdk/src" }).map((file) => file.slice(0, -".ts".length));

describe("concord-sdk", () => {
  it("exports each file of packages/sdk/src under its name, and nothing else", () => {
    const expected = ENTRIES.map((entry) => [
      `./${entry}`,
      { types: `./dist/esm/${entry}.d.ts`, default: `./dist/esm/${entry}.js` },
    ]);
    expect(MANIFEST.exports).toEqual({ ...Object.fromEntries(expected), "./package.json": "./package.json" });
  });

  it("has no room that only Concord's own Workers share, not even its types", () => {
    const reached = ENTRIES.flatMap((entry) => [...reachOf(entry, "types").rooms]);
    const allowed = Object.keys(MANIFEST.imports).map((key) => key.slice(1, -"/*.ts".length));
    expect([...new Set(reached)].filter((room) => !allowed.includes(room))).toEqual([]);
    for (const room of ["graphql", "letters", "objects", "ops", "queue", "telemetry"]) {
      expect(allowed).not.toContain(room);
    }
  });

  it("declares every library that it imports", () => {
    const declared = [...Object.keys(MANIFEST.dependencies), ...Object.keys(MANIFEST.peerDependencies)];
    const imported = ENTRIES.flatMap((entry) => [...reachOf(entry, "types").libraries]);
    expect([...new Set(imported)].filter((library) => !declared.includes(library))).toEqual([]);
  });

  // A page of a browser pays for each library, and a team that has no D1 installs no drizzle.
  it.each([
    ["domain", []],
    ["contracts", ["zod"]],
    ["auth", ["jose", "zod"]],
    ["services", []],
    ["graphql", []],
    ["live", ["graphql-ws"]],
    ["apollo", ["@apollo/client", "graphql", "graphql-ws", "rxjs"]],
    ["urql", ["@urql/core", "@urql/exchange-graphcache", "@urql/exchange-persisted", "graphql-ws", "wonka"]],
    ["relay", ["graphql-ws", "relay-runtime"]],
  ])("loads for its entry %s no library but %j", (entry, libraries) => {
    expect([...reachOf(entry, "code").libraries].sort()).toEqual(libraries);
  });

  it.each(["domain", "contracts", "auth", "graphql", "live", "apollo", "urql", "relay"])(
    "has an entry %s that knows no store",
    (entry) => {
      const { rooms } = reachOf(entry, "types");
      expect([...rooms].filter((room) => room === "repositories" || room === "services")).toEqual([]);
    },
  );
});
