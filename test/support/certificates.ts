import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where a certificate goes, as NAME.crt and NAME.key, and the DNS names that it is for. */
interface Wanted {
  readonly folder: string;
  readonly name: string;
  readonly hosts: readonly string[];
}

interface Signed {
  readonly chain: string;
  readonly key: string;
}

/** A certificate that signs itself, for these DNS names, as NAME.crt and NAME.key in a folder; needs openssl. */
export function selfSigned(folder: string, name: string, hosts: readonly string[]): Signed {
  return selfSignedFor(30, { folder, name, hosts });
}

/** One that is valid for so many days from now. */
export function selfSignedFor(days: number, { folder, name, hosts }: Wanted): Signed {
  const [crt, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const names = hosts.map((host) => `DNS:${host}`).join(",");
  execFileSync(
    "openssl",
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days ${days} -subj /CN=${name}`
      .split(" ")
      .concat("-keyout", key, "-out", crt, "-addext", `subjectAltName=${names}`),
    { stdio: "ignore" },
  );
  return { chain: readFileSync(crt, "utf8"), key: readFileSync(key, "utf8") };
}
