type Verify = (password: string, hash: string) => Promise<boolean>;

let loaded: Promise<Verify> | null = null;

/**
 * Whether a password is that of a bcrypt hash, on a thread of libuv's pool. The library is loaded when the first one is
 * asked for: most workers never do. What cannot be checked is not right.
 */
export async function checkBcrypt(password: string, hash: string): Promise<boolean> {
  loaded ??= import("@node-rs/bcrypt").then(({ verify }) => verify as Verify);
  try {
    const verify = await loaded;
    return await verify(password, hash);
  } catch {
    return false;
  }
}
