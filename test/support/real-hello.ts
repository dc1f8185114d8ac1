import { once } from "node:events";
import { Duplex } from "node:stream";
import { connect, type ConnectionOptions } from "node:tls";

/** What a client of this runtime says first. */
export async function realHello(options: ConnectionOptions): Promise<Buffer> {
  const first = Promise.withResolvers<Buffer>();
  const wire = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _, done) => {
      first.resolve(bytes);
      done();
    },
  });
  const client = connect({ socket: wire, ...options });
  client.on("error", () => undefined);
  const bytes = await first.promise;
  client.destroy();
  if (!client.closed) await once(client, "close");
  return bytes;
}
