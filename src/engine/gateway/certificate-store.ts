import { createSecureContext, type SecureContext } from "node:tls";
import type { Certificate } from "../../model/gateway.ts";

/** A certificate, and what handshakes need of it once the first one has asked. */
interface Entry {
  readonly certificate: Certificate;
  context: SecureContext | undefined;
}

/** The certificates that TLS may end with here, by name. */
export class CertificateStore {
  #entries: ReadonlyMap<string, Entry> = new Map();

  /** From now on handshakes use these; of two for one name, the first. All of them have been tried before. */
  replace(certificates: readonly Certificate[]): void {
    const entries = new Map<string, Entry>();
    for (const certificate of certificates) {
      const entry = { certificate, context: undefined };
      for (const name of certificate.names) if (!entries.has(name)) entries.set(name, entry);
    }
    this.#entries = entries;
  }

  /** The certificate for a name in lower case: its own, or one for `*.` and what follows its first dot [rfc9525 §6.3]. */
  find(name: string): SecureContext | undefined {
    const dot = name.indexOf(".");
    const wild = dot === -1 ? undefined : this.#entries.get(`*${name.slice(dot)}`);
    const entry = this.#entries.get(name) ?? wild;
    // Reading a certificate takes a millisecond: a thousand at once would hold up everybody.
    if (entry !== undefined) entry.context ??= contextOf(entry.certificate);
    return entry?.context;
  }
}

function contextOf({ chain, key }: Certificate): SecureContext {
  return createSecureContext({ cert: chain, key, minVersion: "TLSv1.2" });
}
