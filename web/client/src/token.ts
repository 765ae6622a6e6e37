// Verifying access tokens on a server of one's own: signature, issuer, audience, time and kind.

import { type JWTPayload, createRemoteJWKSet, errors, jwtVerify } from "jose";

/** What an access token says. */
export interface TokenClaims {
  /** The person's id, the same for life. */
  id: string;
  sessionId: string;
  /** Whether the address was proven when the token was made. */
  verified: boolean;
  expiresAt: Date;
}

/** Whose tokens are believed. */
export interface VerifierOptions {
  /** The server's `public_url`. */
  issuer: string;
  /** Where this machine reaches the server; the issuer by default. */
  serverUrl?: string;
  /** Instead of `usher`. */
  audience?: string;
}

/** The claims of a good token, `null` for any other; an error when the keys cannot be fetched. */
export type TokenVerifier = (token: string | undefined) => Promise<TokenClaims | null>;

/** Makes a verifier. It fetches the keys once and again when there are new ones: make one per process. */
export function createTokenVerifier({
  issuer,
  serverUrl,
  audience = "usher",
}: VerifierOptions): TokenVerifier {
  const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", serverUrl ?? issuer));
  const rules = {
    issuer: new URL(issuer).origin,
    audience,
    algorithms: ["EdDSA"],
    typ: "at+jwt",
    requiredClaims: ["exp", "sub", "sid"],
  };
  return async (token) => {
    if (!token) return null;
    try {
      return claims((await jwtVerify(token, keys, rules)).payload);
    } catch (error) {
      if (isRefusal(error)) return null;
      throw error;
    }
  };
}

function claims(payload: JWTPayload): TokenClaims {
  return {
    id: String(payload.sub),
    sessionId: String(payload["sid"]),
    verified: payload["verified"] === true,
    expiresAt: new Date(Number(payload.exp) * 1000),
  };
}

/** The token is at fault, not the way to the keys. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JWKSNoMatchingKey
  );
}
