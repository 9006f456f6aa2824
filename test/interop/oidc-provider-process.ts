/**
 * An OpenID provider of `oidc-provider`, as a process of its own: `node oidc-provider-process.ts PORT GATEWAY-ORIGIN`.
 * Any name with any password logs in. It prints "ready", and a line for each grant.
 */
// @ts-expect-error it comes without types
import { Provider } from "oidc-provider";

const [port, origin] = process.argv.slice(2) as [string, string];
const issuer = `http://127.0.0.1:${port}`;

const client = (id: string, callback: string) => ({
  client_id: id,
  client_secret: `${id}-secret-with-all-the-octets-it-needs`,
  redirect_uris: [`${origin}${callback}`],
  post_logout_redirect_uris: [`${origin}/bye`],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code" as const],
});

const provider = new Provider(issuer, {
  clients: [client("shop", "/oauth2/callback/corp"), client("other", "/oauth2/callback/other")],
  claims: { openid: ["sub"], email: ["email"] },
  conformIdTokenClaims: false,
  findAccount: (_context: unknown, id: string) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@corp.test` }),
  }),
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: 12, RefreshToken: 600, IdToken: 600, Session: 600, Grant: 600, Interaction: 600 },
  cookies: { keys: ["a key of this test alone"] },
  features: {
    devInteractions: { enabled: true },
    revocation: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    rpInitiatedLogout: { enabled: true },
  },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);
interface Context {
  readonly oidc?: { readonly params?: Readonly<Record<string, unknown>> };
}
provider.on("grant.success", ({ oidc }: Context) => say(`grant ${String(oidc?.params?.["grant_type"])}`));
provider.on("grant.error", ({ oidc }: Context, error: Error) =>
  say(`refused ${String(oidc?.params?.["grant_type"])} ${error.message}`),
);
provider.on("grant.revoked", () => say("revoked"));
provider.listen(Number(port), "127.0.0.1", () => say("ready"));
