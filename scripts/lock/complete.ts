/** What of a lock file's entry is read and written here; everything else is kept as it is. */
export interface LockEntry {
  version?: string;
  optionalDependencies?: Record<string, string>;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

export interface Lock {
  packages: Record<string, LockEntry>;
}

/** A platform at the end of a package's name: `@oxlint/binding-linux-x64-musl`. */
const platformName =
  /(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(?:-(gnu|musl)?\w*)?$/;

/**
 * Adds an entry for each optional platform package that a lock file names and does not hold, and returns their names.
 * npm leaves those out when its registry does not have them at the time, and `npm ci` then refuses the file everywhere.
 * An added entry has the exact version and the platform; it has no hash, since there was nothing to take it from.
 * Throws when such a package is not exact in its version, or its name says no platform.
 */
export function completeLock(lock: Lock): string[] {
  const added: string[] = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const isThere = [`node_modules/${name}`, `${path}/node_modules/${name}`].some(
        (at) => at in lock.packages,
      );
      if (isThere) continue;
      lock.packages[`node_modules/${name}`] = describePlatform(name, version, entry.dev === true);
      added.push(name);
    }
  }
  const byName = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(byName);
  return added;
}

function describePlatform(name: string, version: string, dev: boolean): LockEntry {
  const [, os, cpu, libc] = platformName.exec(name) ?? [];
  if (os === undefined || cpu === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error(
      `cannot complete the lock file: ${name}@${version} names no platform or no exact version`,
    );
  }
  return {
    version,
    cpu: [cpu],
    ...(dev ? { dev } : {}),
    ...(os === "linux" && libc ? { libc: [libc === "gnu" ? "glibc" : libc] } : {}),
    optional: true,
    os: [os],
  };
}
