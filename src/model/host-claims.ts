/** The host names an app wants to be reached by; each exact, or `*.suffix`, in lower case. */
export interface HostClaims {
  /** On the gateway's HTTP port. */
  readonly http: readonly string[];
  /** Takes requests for hosts that nobody claims. */
  readonly httpDefault: boolean;
  /** On the gateway's TLS port, by server name. */
  readonly tls: readonly string[];
  readonly tlsDefault: boolean;
}
