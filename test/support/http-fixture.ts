import type { EngineRoute } from "../../src/engine/route.ts";
import type { ServicePolicy } from "../../src/model/policy.ts";
import { EngineFixture, toRoute, type FixtureOptions } from "./engine-fixture.ts";
import { freePort } from "./free-port.ts";

/** A route in HTTP mode on row 1. */
export function toHttpRoute(
  port: number,
  replicaPorts: readonly number[],
  policy: Partial<ServicePolicy> = {},
): EngineRoute {
  return { ...toRoute(port, replicaPorts, policy), mode: "http" };
}

/** An engine that serves one port in HTTP mode. */
export class HttpFixture extends EngineFixture {
  readonly port: number;

  private constructor(port: number, options: FixtureOptions) {
    super(options);
    this.port = port;
  }

  /** Serves a free port to these replica ports of 127.0.0.1. */
  static async start(
    replicaPorts: readonly number[],
    policy: Partial<ServicePolicy> = {},
    options: FixtureOptions = {},
  ): Promise<HttpFixture> {
    const fixture = new HttpFixture(await freePort(), options);
    await fixture.retarget(replicaPorts, policy);
    return fixture;
  }

  async retarget(
    replicaPorts: readonly number[],
    policy: Partial<ServicePolicy> = {},
  ): Promise<void> {
    await this.set(toHttpRoute(this.port, replicaPorts, policy));
  }

  async set(route: EngineRoute): Promise<void> {
    await this.engine.apply([{ kind: "set", route }]);
  }
}
