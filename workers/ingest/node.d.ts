/** The part of Node's zlib that we use. All of Node's types would bring its globals along, which a Worker has not. */
declare module "node:zlib" {
  type Options = { readonly maxOutputLength: number };
  /** @throws RangeError with code ERR_BUFFER_TOO_LARGE as soon as more than `maxOutputLength` bytes would come out */
  export function gunzipSync(bytes: Uint8Array, options: Options): Uint8Array;
  export function inflateSync(bytes: Uint8Array, options: Options): Uint8Array;
}

declare module "node:crypto" {
  interface Hash {
    update(bytes: Uint8Array): Hash;
    digest(encoding: "hex"): string;
  }
  export function createHash(algorithm: "sha256"): Hash;
}
