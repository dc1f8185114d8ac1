import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate that signs itself, for these DNS names, as NAME.crt and NAME.key in a folder; needs openssl. */
export function selfSigned(
  folder: string,
  name: string,
  hosts: readonly string[],
): { readonly chain: string; readonly key: string } {
  const [crt, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const names = hosts.map((host) => `DNS:${host}`).join(",");
  execFileSync(
    "openssl",
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=${name}`
      .split(" ")
      .concat("-keyout", key, "-out", crt, "-addext", `subjectAltName=${names}`),
    { stdio: "ignore" },
  );
  return { chain: readFileSync(crt, "utf8"), key: readFileSync(key, "utf8") };
}
