// @ts-check
/** An identity provider on a port of its own, with a page on which its one user signs in. */

import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";

const CLIENT = "wavekeep";

/** @param {unknown} value */
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** @typedef {{ issuer: string, user: { name: string, groups: string[] }, end: () => void }} Provider */

/** @returns {Promise<Provider>} */
export async function identityProvider() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  /** @type {Map<string, URLSearchParams>} */
  const codes = new Map();
  const user = { name: "kim", groups: ["office"] };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", issuer);
    /** @param {number} status @param {unknown} body */
    const json = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (url.pathname === "/.well-known/openid-configuration") {
      json(200, { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys` });
    } else if (url.pathname === "/keys") {
      json(200, { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "1", use: "sig" }] });
    } else if (url.pathname === "/authorize") {
      // The page of the provider: another site, from which a link leads back.
      const code = `code-${codes.size}`;
      codes.set(code, url.searchParams);
      const back = new URL(url.searchParams.get("redirect_uri") ?? "");
      back.search = String(new URLSearchParams({ code, state: url.searchParams.get("state") ?? "" }));
      response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html><title>Office</title><link rel="icon" href="data:,"><a href="${back.href.replaceAll("&", "&amp;")}">Continue as ${user.name}</a>`);
    } else if (url.pathname === "/token") {
      let body = "";
      request.on("data", (some) => { body += some; });
      request.on("end", () => {
        const form = new URLSearchParams(body);
        const asked = codes.get(form.get("code") ?? "");
        codes.delete(form.get("code") ?? "");
        const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
        if (asked?.get("code_challenge") !== challenge) return json(400, { error: "invalid_grant" });
        const now = Math.floor(Date.now() / 1000);
        const claims = { iss: issuer, sub: "1", aud: CLIENT, iat: now, exp: now + 300, nonce: asked.get("nonce"), preferred_username: user.name, groups: user.groups };
        const message = `${encoded({ alg: "ES256", kid: "1" })}.${encoded(claims)}`;
        const signature = sign("sha256", Buffer.from(message), { key: privateKey, dsaEncoding: "ieee-p1363" });
        return json(200, { token_type: "Bearer", access_token: "x", id_token: `${message}.${signature.toString("base64url")}` });
      });
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(null)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the provider has no port");
  // Another host than the server's: cookies of the one are not sent by pages of the other.
  const issuer = `http://localhost:${address.port}`;
  return { issuer, user, end: () => { server.close(); server.closeAllConnections(); } };
}

/** The options of a server whose users sign in there. @param {Provider} provider */
export const signInWith = (provider) =>
  ["--oidc-issuer", provider.issuer, "--oidc-client-id", CLIENT, "--oidc-name", "Office", "--oidc-role", "group:office=review"];
