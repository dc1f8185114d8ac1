import type { EngineChange, EngineReport } from "../engine/route.ts";
import type { Shedding } from "../engine/shed.ts";
import type { ServiceOptions } from "../engine/service.ts";
import type { AccessBatch } from "../model/access.ts";
import type { Certificate } from "../model/gateway.ts";
import type { Outcome } from "../model/outcome.ts";

/** What an engine is configured with for its whole life. */
export type EngineSettings = Pick<
  ServiceOptions,
  "bindHosts" | "reusePort" | "limits" | "proxyTrusted" | "gateway" | "streamBytes"
>;

/** What a worker is started with; everything else comes as messages. */
export interface WorkerStart {
  readonly settings: EngineSettings;
  /** This worker's own cells. */
  readonly services: SharedArrayBuffer;
  readonly replicas: SharedArrayBuffer;
  /** What the gateway counts beside connections. */
  readonly gateway: SharedArrayBuffer;
  /** Open connections, shared by all workers. */
  readonly load: {
    readonly services: SharedArrayBuffer;
    readonly replicas: SharedArrayBuffer;
    readonly waiting: SharedArrayBuffer;
    readonly process: SharedArrayBuffer;
  };
  /** Where it shows every second that its event loop turns. */
  readonly beats: { readonly cells: SharedArrayBuffer; readonly index: number };
}

/** Control plane → worker. */
export type Order =
  | { readonly kind: "apply"; readonly version: number; readonly changes: readonly EngineChange[] }
  | { readonly kind: "forgive"; readonly key: string; readonly replica: string }
  | { readonly kind: "certify"; readonly certificates: readonly Certificate[] }
  /** A batch of the access log has been taken, so there is room for another. */
  | { readonly kind: "access-taken" }
  /** Memory is short, so that connections are ended; with a share of 0 it is not any more. */
  | ({ readonly kind: "shed" } & Shedding)
  /** Nobody listens on these addresses any more, though no worker has closed them: they are bound anew. */
  | { readonly kind: "renew"; readonly addresses: ReadonlySet<string> }
  | { readonly kind: "stop-accepting" }
  | { readonly kind: "abort"; readonly outcome: Outcome };

/** Worker → control plane. */
export type Answer =
  | { readonly kind: "report"; readonly report: EngineReport }
  | { readonly kind: "access"; readonly batch: AccessBatch }
  /** The first thing a worker says, with the kernel's id of its thread where there is one. */
  | { readonly kind: "started"; readonly thread: number | undefined }
  | { readonly kind: "applied"; readonly version: number }
  | { readonly kind: "stopped" };
