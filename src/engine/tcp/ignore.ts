/** Listens to errors of which something else tells, as without a listener they would end the process. */
export function ignore(): void {
  // One function for all sockets: one for each would be an object more for each connection.
}
