/** The bookkeeping of requests, beside that of connections. */
export interface RequestTally {
  /** A request on this service was answered, by a replica or by us, or its client left (status 0). */
  answered(service: number, status: number, seconds: number): void;
}
