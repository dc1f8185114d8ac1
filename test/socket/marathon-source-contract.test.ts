import { testSourceContract, type SourceSetup } from "../contract/source-contract.ts";
import { marathonSource } from "../support/running-source.ts";
import { app, json, ScriptedMarathon } from "../support/scripted-marathon.ts";

async function start(): Promise<SourceSetup> {
  const marathon = await ScriptedMarathon.start();
  const held = (replicas: number): Record<string, unknown> =>
    app(
      "/a",
      80,
      Array.from({ length: replicas }, (_, index) => 31_000 + index),
    );
  const hold = (replicas: number): void => marathon.serve([held(replicas)]);
  hold(1);
  return {
    open: () => marathonSource([marathon.url]),
    hold,
    holdWithFault: (replicas) => {
      const { tasks, ...rest } = held(replicas);
      marathon.serve([{ ...rest, tasks: [...(Array.isArray(tasks) ? tasks : []), { id: 7 }] }]);
    },
    fail: () => {
      marathon.onApi = (_request, response) => json(response, { message: "no leader" }, 503);
    },
    [Symbol.asyncDispose]: () => marathon[Symbol.asyncDispose](),
  };
}

testSourceContract("marathon", start);
