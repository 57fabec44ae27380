/** Whether an address is of this machine: what is sent there leaves it on no wire. */
export const isThisMachine = ({ hostname }: Pick<URL, "hostname">): boolean =>
  ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
