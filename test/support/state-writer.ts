import { replaceFile } from "../../src/publish/replace-file.ts";
import { formatState } from "../../src/publish/state-file.ts";
import { replica, service } from "./services.ts";

// Replaces the state file that it is given again and again until it is killed; each state has another time and size.

const [path = ""] = process.argv.slice(2);
const replicas = Array.from({ length: 2000 }, (_, index) => replica(`10.0.0.1:${index + 1}`));
for (let savedAt = 1; ; savedAt += 1) {
  const services = [
    service("/web", 1234, { replicas: replicas.slice(0, 1000 + (savedAt % 1000)) }),
  ];
  await replaceFile(path, formatState({ services, savedAt }));
  if (savedAt === 2) process.stdout.write("writing\n");
}
