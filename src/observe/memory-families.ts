import type { MemoryFigures } from "../model/memory.ts";
import type { memoryMetrics, Readers } from "./catalogue.ts";
import type { Read, Sample } from "./family.ts";

/** How the families that tell of memory are read. */
export function memoryFamilies(
  memory: () => MemoryFigures | undefined,
): Readers<typeof memoryMetrics, Read> {
  const of = (value: (figures: MemoryFigures) => number) => (): Sample[] => {
    const figures = memory();
    return figures === undefined ? [] : [{ labels: "", value: value(figures) }];
  };
  return {
    portolan_memory_limit_bytes: of(({ limit }) => limit),
    portolan_memory_used_bytes: of(({ used }) => used),
    portolan_memory_shedding: of(({ isShedding }) => (isShedding ? 1 : 0)),
  };
}
