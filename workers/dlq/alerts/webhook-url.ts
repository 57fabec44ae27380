/**
 * Why a webhook's address is not called, or `undefined`. A Worker cannot pin the address that a name resolves to, so
 * the list of hosts is the protection. The other checks refuse addresses that should not be on a list, in any spelling.
 * @param hosts `hooks.example.com`, or `*.example.com` for all subdomains
 * @param allowsLoopback set on a developer's machine only: 127.0.0.1 is allowed if the list names it
 */
export function webhookUrlProblem(text: string, hosts: readonly string[], allowsLoopback = false): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return "is not a URL";
  if (url.username || url.password) return "contains credentials";
  if (allowsLoopback && url.hostname === "127.0.0.1" && hosts.includes("127.0.0.1")) return undefined;
  if (url.protocol !== "https:") return "is not https";
  if (url.port !== "") return "names a port";
  const host = url.hostname.replace(/\.$/, "").toLowerCase();
  // The URL parser has turned each spelling of an IPv4 address (octal, hexadecimal, one number) into four numbers.
  if (host.startsWith("[") || /^\d+(\.\d+){3}$/.test(host)) return "is an IP address";
  if (!host.includes(".") || /(^|\.)(localhost|local|internal|lan|home|arpa)$/.test(host)) return "is a private name";
  return hosts.some((allowed) => matchesHost(host, allowed.toLowerCase())) ? undefined : "is not on the list of hosts";
}

const matchesHost = (host: string, allowed: string): boolean =>
  allowed.startsWith("*.")
    ? // A whole top-level domain is not accepted.
      allowed.slice(2).includes(".") && host.endsWith(allowed.slice(1)) && host.length > allowed.length - 1
    : host === allowed;
