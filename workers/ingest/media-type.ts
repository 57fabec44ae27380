import { RequestError } from "./errors.ts";

/**
 * The media type alone, in lower case.
 * @throws RequestError 400 for a charset that is not UTF-8
 */
export function mediaTypeOf(contentType: string | undefined): string {
  const [mediaType = "", ...parameters] = (contentType ?? "").split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  if (charset !== undefined && !["utf-8", "utf8"].includes(charset.replaceAll('"', ""))) {
    throw new RequestError(400, `Bodies are read as UTF-8, not as ${charset}.`);
  }
  return mediaType;
}

export const unsupported = (contentType: string | undefined, wanted: string): RequestError =>
  new RequestError(
    415,
    `HTTP 415 Unsupported Media Type. Send ${wanted}, not ${contentType || "a body without a type"}. Nothing was accepted.`,
  );
