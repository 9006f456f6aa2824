import { randomBytes } from "node:crypto";
import { chmod, readdir, rm } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { DescriptorChannel } from "@heddle/engine/net";

export interface ControlSocket {
  /** Takes nobody any more; the file is gone. */
  close(): void;
}

/** What the system takes as the name of a Unix socket: 108 octets with their end on Linux, 104 on macOS. */
const MAX_PATH_BYTES = 103;

const socketForm = /^run-[0-9a-f]{8}\.sock$/;

/**
 * Opens the socket by which a new process finds this one: in the state folder (0700), for the same user alone (0600),
 * under a name of its own, so that two of one folder do not hide each other. Throws Error where it cannot be.
 */
export async function openControlSocket(
  stateFolder: string,
  onChannel: (channel: DescriptorChannel) => void,
): Promise<ControlSocket> {
  const file = path.join(stateFolder, `run-${randomBytes(4).toString("hex")}.sock`);
  if (Buffer.byteLength(file) > MAX_PATH_BYTES)
    throw new Error(`${file} is longer than the ${MAX_PATH_BYTES} octets that the name of a socket may have`);
  const server = net.createServer({ pauseOnConnect: true }, (socket) =>
    onChannel(DescriptorChannel.over(socket)),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(file, () => {
      server.off("error", reject).on("error", () => {});
      resolve();
    });
  });
  server.unref();
  await chmod(file, 0o600);
  return { close: () => void server.close() };
}

/** Channels to all that run with this state folder. Files of those that ended without a word are removed. */
export async function connectToRunning(stateFolder: string): Promise<DescriptorChannel[]> {
  const names = await readdir(stateFolder).catch(() => []);
  const found: DescriptorChannel[] = [];
  for (const name of names.filter((one) => socketForm.test(one))) {
    const file = path.join(stateFolder, name);
    const channel = await DescriptorChannel.connect(file).catch(() => null);
    if (channel === null) await rm(file, { force: true });
    else found.push(channel);
  }
  return found;
}
