// A server that signs tokens as Usher does and publishes its key.

import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { type JWTPayload, SignJWT, exportJWK, generateKeyPair } from "jose";

export const CLAIMS = { sub: "01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f", sid: "01936f2e-6a2b", verified: true };

/** What is different about a token. */
export interface Forgery {
  /** Signed by somebody else, under the same name. */
  foreign?: boolean;
  typ?: string;
  claims?: JWTPayload;
  issuer?: string;
  audience?: string;
  expires?: string;
}

export interface Issuer {
  url: string;
  token(forgery?: Forgery): Promise<string>;
  stop(): void;
}

/** `more` answers what is not the keys. */
export async function startIssuer(issuer: string, more?: RequestListener): Promise<Issuer> {
  const own = await generateKeyPair("EdDSA", { crv: "Ed25519" });
  const other = await generateKeyPair("EdDSA", { crv: "Ed25519" });
  const key = { ...(await exportJWK(own.publicKey)), kid: "k1", alg: "EdDSA", use: "sig" };
  const server = createServer((request, response) => {
    if (request.url === "/.well-known/jwks.json") {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys: [key] }));
    } else if (more) {
      more(request, response);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: ({ foreign, typ = "at+jwt", claims = CLAIMS, ...rest } = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: "EdDSA", typ, kid: "k1" })
        .setIssuer(rest.issuer ?? issuer)
        .setAudience(rest.audience ?? "usher")
        .setIssuedAt()
        .setExpirationTime(rest.expires ?? "30m")
        .sign((foreign ? other : own).privateKey),
    stop: () => server.close(),
  };
}
