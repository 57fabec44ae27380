import { RequestError } from "./errors.ts";

/** The media type alone, in lower case. */
export const parseMediaType = (contentType: string | undefined): string =>
  (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

export const unsupported = (contentType: string | undefined, wanted: string): RequestError =>
  new RequestError(
    415,
    `HTTP 415 Unsupported Media Type. Send ${wanted}, not ${contentType || "a body without a type"}. Nothing was accepted.`,
  );
