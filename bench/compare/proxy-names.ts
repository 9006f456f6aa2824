/** Who can be benched. `haproxy-splicing` stands beside HAProxy in the row of TCP in bulk, and is no base of ratios. */
export const proxyNames = [
  "heddle",
  "heddle-nolog",
  "nginx",
  "haproxy",
  "haproxy-splicing",
  "caddy",
] as const;
export type ProxyName = (typeof proxyNames)[number];
