/**
 * Names that the system finds by other means than DNS, which are left to it: "localhost", those of multicast DNS, and
 * those that its hosts file has.
 */
export function isSystemName(name: string, hosts: ReadonlySet<string>): boolean {
  const bare = name.replace(/\.$/, "").toLowerCase();
  return /(^|\.)(localhost|local)$/.test(bare) || hosts.has(bare);
}

/** The names in a hosts file, lower-case. */
export function parseHostsFile(text: string): Set<string> {
  const names = text.split("\n").flatMap((line) => line.replace(/#.*/, "").trim().split(/\s+/).slice(1));
  return new Set(names.map((name) => name.toLowerCase()));
}
