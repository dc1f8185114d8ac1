/** UDP sockets this process has open now, those of tests included. */
export function openUdpSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith("UDP")).length;
}
