import { isAbort, sleep } from "../async/sleep.ts";
import type { EmbeddedMarathon } from "./marathon/marathon.ts";
import { shortName, type SampleExecutor } from "./sample-executor.ts";

export interface ScriptOptions {
  readonly marathon: EmbeddedMarathon;
  readonly executor: SampleExecutor;
  /** Time between steps, in ms. */
  readonly pauseMs: number;
  /** Told what is about to happen. */
  readonly say: (line: string) => void;
  readonly random: () => number;
}

/** Plays the life of a cluster until the signal aborts: scaling, a death, a rolling deploy, over and over. */
export async function playScript(options: ScriptOptions, signal: AbortSignal): Promise<void> {
  const steps = [scaleUp, loseOne, deploy, scaleDown];
  try {
    for (let turn = 0; ; turn += 1) {
      await sleep(options.pauseMs, signal);
      await steps[turn % steps.length]?.(options, signal);
    }
  } catch (error) {
    if (!isAbort(error, signal)) throw error;
  }
}

async function scaleUp({ marathon, say }: ScriptOptions): Promise<void> {
  say("scaling /demo/web to 5 instances");
  marathon.scaleApp("/demo/web", 5);
  await marathon.settled();
}

async function scaleDown({ marathon, say }: ScriptOptions): Promise<void> {
  say("scaling /demo/web back to 3 instances");
  marathon.scaleApp("/demo/web", 3);
  await marathon.settled();
}

/** How long Marathon takes to notice a death; until then only failed connects tell. */
const noticeMs = 1500;

async function loseOne(options: ScriptOptions, signal: AbortSignal): Promise<void> {
  const { marathon, executor, say, random } = options;
  const tasks = marathon.app("/demo/echo")?.tasks ?? [];
  const victim = tasks[Math.floor(random() * tasks.length)];
  if (victim === undefined) return;
  say(
    `a replica of /demo/echo dies (${shortName(victim.id)}); Marathon will notice and start another`,
  );
  await executor.crash(victim.id);
  await sleep(noticeMs, signal);
  marathon.setTask(victim.id, { state: "TASK_FAILED", message: "Command exited with status 1" });
  await marathon.settled();
}

async function deploy({ marathon, say, random }: ScriptOptions): Promise<void> {
  say("rolling deploy of /demo/kv: each new replica first, then an old one goes");
  await marathon.deployApp("/demo/kv", { env: { RELEASE: String(Math.floor(random() * 1e6)) } });
}
