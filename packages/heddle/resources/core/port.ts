import { choice, int32, text } from "../schema/build.ts";

export const portNumber = int32({
  minimum: 1,
  maximum: 65535,
  description: "a port number from 1 to 65535",
});

export const portName = text({
  maxLength: 63,
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
  description: 'a port name: lower-case letters, digits and "-"',
});

export const protocol = choice(["TCP", "UDP", "SCTP"]);
