/**
 * Why a webhook's address is not called, or `undefined`. A Worker cannot pin what a name resolves to, so the list of
 * hosts is what protects; the rest refuses what a list should never have held, however it is spelled.
 * @param hosts `hooks.example.com`, or `*.example.com` for all below it
 * @param allowsLoopback on a developer's machine alone, for hosts that the list names as well
 */
export function webhookUrlProblem(text: string, hosts: readonly string[], allowsLoopback = false): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return "is no URL";
  if (url.username || url.password) return "holds credentials";
  if (allowsLoopback && url.hostname === "127.0.0.1" && hosts.includes("127.0.0.1")) return undefined;
  if (url.protocol !== "https:") return "is not https";
  if (url.port !== "") return "names a port";
  const host = url.hostname.replace(/\.$/, "").toLowerCase();
  // The URL parser has turned every spelling of an IPv4 address, octal and hex and one number, into four numbers.
  if (host.startsWith("[") || /^\d+(\.\d+){3}$/.test(host)) return "is an IP address";
  if (!host.includes(".") || /(^|\.)(localhost|local|internal|lan|home|arpa)$/.test(host)) return "is a private name";
  return hosts.some((allowed) => isOf(host, allowed.toLowerCase())) ? undefined : "is not on the list of hosts";
}

const isOf = (host: string, allowed: string): boolean =>
  allowed.startsWith("*.")
    ? // All of a top level is not a list.
      allowed.slice(2).includes(".") && host.endsWith(allowed.slice(1)) && host.length > allowed.length - 1
    : host === allowed;
