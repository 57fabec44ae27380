import * as z from "zod";
import { isThisMachine } from "./this-machine.ts";

const AS_A_BROWSER =
  "write each as a browser sends it: https://app.example.com, in lower case, with its port if it has one, and no path. http:// is for localhost only";

/** A list of origins, with spaces or commas in between. */
export const Origins = z.string().transform((text, context): readonly string[] => {
  const origins = text.split(/[\s,]+/).filter((origin) => origin !== "");
  origins.forEach((origin, i) => {
    if (isOrigin(origin)) return;
    context.addIssue({ code: "custom", message: `number ${i + 1} is no origin; ${AS_A_BROWSER}` });
  });
  return origins;
});

function isOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.origin !== text || text.includes("*")) return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isThisMachine(url));
}
