import { Agent } from "undici";

/** The limits of every request, all in ms. */
export interface HttpLimits {
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  /** Longest silence within a body. */
  readonly silenceMs: number;
  readonly tls: TlsMaterial;
}

/** PEM texts for https. */
export interface TlsMaterial {
  /** The authorities to trust; undefined means those of the system. */
  readonly ca: string | undefined;
  /** The certificate we show when asked for one, and its private key; undefined for none. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** Trusts the authorities of the system, and shows no certificate. */
export const systemTls: TlsMaterial = { ca: undefined, certificate: undefined, key: undefined };

/** An agent of our own, so that no global setting applies: HTTP/1.1, no redirects, one connection per request. */
export function createAgent({
  connectTimeoutMs,
  firstByteTimeoutMs,
  silenceMs,
  tls,
}: HttpLimits): Agent {
  return new Agent({
    allowH2: false,
    // No reuse: bytes left over from a malformed answer can never be taken for the next one.
    pipelining: 0,
    headersTimeout: firstByteTimeoutMs,
    bodyTimeout: silenceMs,
    connect: {
      timeout: connectTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelay: 10_000,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
    },
  });
}
