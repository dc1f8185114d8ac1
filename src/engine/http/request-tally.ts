/** A request that is over. */
export interface AnsweredRequest {
  readonly method: string;
  /** 0 when its client left before an answer. */
  readonly status: number;
}

/** The bookkeeping of requests, beside that of connections. */
export interface RequestTally {
  /** A request on this service was answered, by a replica or by us, or its client left. */
  answered(service: number, request: AnsweredRequest, seconds: number): void;
}
