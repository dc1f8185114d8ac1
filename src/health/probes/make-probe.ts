import type { CheckKind } from "../../model/check.ts";
import { attempt } from "./attempt.ts";
import type { Script } from "./conversation.ts";
import { DatagramExchange } from "./datagram-exchange.ts";
import { sendExpectScript } from "./expect.ts";
import { httpScript } from "./http-answer.ts";
import { httpRequest, serverNameOf } from "./http-request.ts";
import type { Probe, ProbeTarget } from "./probe.ts";
import { redisScript, type RedisRole } from "./redis.ts";
import { smtpScript } from "./smtp.ts";
import { StreamExchange, type Plan } from "./stream-exchange.ts";

const plain = { tls: undefined, parting: "reset" } as const;
const polite = { tls: undefined, parting: "close" } as const;

const probes: Readonly<Record<CheckKind, Probe>> = {
  tcp: probeByStream(() => ({ ...polite, script: undefined })),
  tls: probeByStream((target) => ({ ...secured(target), script: undefined })),
  http: probeByStream((target) => ({ ...plain, script: http(target) })),
  https: probeByStream((target) => ({ ...secured(target), script: http(target) })),
  redis: probeByStream((target) => ({ ...plain, script: redis(target, undefined) })),
  "redis-master": probeByStream((target) => ({ ...plain, script: redis(target, "master") })),
  "redis-slave": probeByStream((target) => ({ ...plain, script: redis(target, "slave") })),
  smtp: probeByStream(() => ({ ...polite, script: smtpScript })),
  "send-expect": probeByStream(({ check }) => ({ ...plain, script: sendExpectScript(check) })),
  udp: probeByDatagram,
};

/** The probe of a kind; it reads the rest of the policy from its target. */
export function probeOf(kind: CheckKind): Probe {
  return probes[kind];
}

function probeByStream(planOf: (target: ProbeTarget) => Plan): Probe {
  return (target, signal) => {
    const { timeoutMs } = target.check;
    return attempt(
      { timeoutMs, signal },
      (settle) => new StreamExchange(target, planOf(target), settle),
    );
  };
}

function probeByDatagram(target: ProbeTarget, signal: AbortSignal): ReturnType<Probe> {
  const { timeoutMs } = target.check;
  return attempt({ timeoutMs, signal }, (settle) => new DatagramExchange(target, settle));
}

function secured({ check }: ProbeTarget): Pick<Plan, "tls" | "parting"> {
  return { tls: { serverName: serverNameOf(check) }, parting: "close" };
}

function http({ address, check }: ProbeTarget): Script {
  const range = { least: check.leastStatus, most: check.mostStatus };
  return httpScript(httpRequest(check, address), range);
}

function redis({ credentials }: ProbeTarget, role: RedisRole | undefined): Script {
  return redisScript({ credentials, role });
}
