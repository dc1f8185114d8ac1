/** What every message begins with: an id, flags and four counts. [rfc1035 §4.1.1] */
export const headerBytes = 12;
