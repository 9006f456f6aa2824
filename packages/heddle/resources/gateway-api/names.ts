import { choice, int32, text } from "../schema/build.ts";

/** The names and small values that every kind of the Gateway API is made of. */

const dnsLabel = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const dnsName = `${dnsLabel}(\\.${dnsLabel})*`;

export const group = text({
  maxLength: 253,
  pattern: `^$|^${dnsName}$`,
  description: "an API group such as gateway.networking.k8s.io, or empty for the core group",
});

export const kind = text({
  minLength: 1,
  maxLength: 63,
  pattern: "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$",
  description: "a kind such as Service",
});

export const objectName = text({ minLength: 1, maxLength: 253, description: "the name of a resource" });

export const namespace = text({
  minLength: 1,
  maxLength: 63,
  pattern: `^${dnsLabel}$`,
  description: 'a namespace: lower-case letters, digits and "-"',
});

export const sectionName = text({
  minLength: 1,
  maxLength: 253,
  pattern: `^${dnsName}$`,
  description: 'a name of lower-case letters, digits, "-" and "."',
});

export const hostname = text({
  minLength: 1,
  maxLength: 253,
  pattern: `^(\\*\\.)?${dnsName}$`,
  description: "a host name such as shop.example.com or *.example.com, without port, lower case",
});

export const preciseHostname = text({
  minLength: 1,
  maxLength: 253,
  pattern: `^${dnsName}$`,
  description: "a host name such as shop.example.com, without wildcard and port, lower case",
});

export const portNumber = int32({
  minimum: 1,
  maximum: 65535,
  description: "a port number from 1 to 65535",
});

export const controllerName = text({
  minLength: 1,
  maxLength: 253,
  pattern: `^${dnsName}\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$`,
  description: "a domain and a path, such as heddle.dev/gateway-controller",
});

export const duration = text({
  pattern: "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
  description: "a duration such as 500ms, 10s or 1m30s",
});

export const annotationValue = text({ minLength: 0, maxLength: 4096 });

export const labelValue = text({
  minLength: 0,
  maxLength: 63,
  pattern: "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
  description: 'a label value: letters, digits, "-", "_" and ".", starting and ending with a letter or digit',
});

/** Whether a route attaches to the default Gateways of the cluster. */
export const defaultGatewayScope = choice(["All", "None"]);
