const scheme = /(?:^|,)[\t ]*(?:ntlm|negotiate)(?:[\t ,]|$)/i;

/**
 * True when a field of authentication, of a request or an answer, names a scheme that logs in a connection and not a request:
 * whatever comes by it after that is taken for the same client's [rfc4559 §6, ms-ntht §1].
 */
export function logsInConnection(value: string): boolean {
  return scheme.test(value);
}
