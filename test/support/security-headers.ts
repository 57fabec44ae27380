/** What each answer of the front door has, locally. */
const ALWAYS = {
  "x-content-type-options": /^nosniff$/,
  "x-frame-options": /^DENY$/,
  "referrer-policy": /^no-referrer$/,
  "permissions-policy": /camera=\(\)/,
  "cross-origin-opener-policy": /^same-origin$/,
  "cross-origin-resource-policy": /^same-origin$/,
  "content-security-policy": /frame-ancestors 'none'/,
  // The one thing that is the same for everybody is the schema.
  "cache-control": /^(no-store|no-cache|public, max-age=300$)/,
};

/** The headers that an answer lacks, or has where it should not: none, if all is well. */
export function missingSecurityHeaders(headers: Readonly<Record<string, unknown>>): string[] {
  const missing = Object.entries(ALWAYS).filter(([name, value]) => !value.test(String(headers[name] ?? "")));
  const telling = ["server", "x-powered-by", "via", "strict-transport-security"].filter((name) => name in headers);
  return [...missing.map(([name]) => `no ${name}`), ...telling.map((name) => `has ${name}`)];
}
