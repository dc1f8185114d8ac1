/** Something an attacker wants, and what stands in the way of it. */
export interface Threat {
  readonly what: string;
  /** Each thing that was built against it, with the rows whose tests fail without it. */
  readonly mitigations: Readonly<Record<string, readonly string[]>>;
}

/** The threats to one proxy per host that everybody's labels configure, the worst losses first. */
export const threats: readonly Threat[] = [
  {
    what: "files written elsewhere, or over a stranger's, by an app's id",
    mitigations: {
      "an id that cannot be a file name has no file": ["X01"],
      "two ids never have one file": ["X02"],
      "links are not followed, and only what we wrote is removed": ["X04"],
      "files are replaced as a whole": ["X05", "X06"],
    },
  },
  {
    what: "lines forged in files, probes and logs",
    mitigations: {
      "line breaks reach no file": ["X03"],
      "a path cannot make a second request": ["X09"],
      "control characters are replaced, lengths bounded": ["A10"],
    },
  },
  {
    what: "the port or host name of another app taken over",
    mitigations: {
      "who has a port keeps it, and so does a replica that listens on one": ["B04"],
      "our own ports and ports outside the range are nobody's": ["B06"],
      "who has a host name keeps it, and nobody claims everything": ["W21"],
      "names of other groups lead nowhere": ["S05", "X14"],
    },
  },
  {
    what: "a proxy that dials where it may and its client may not",
    mitigations: {
      "link-local, multicast and reserved addresses are refused": ["X10"],
      "it never dials its own listeners": ["T26"],
    },
  },
  {
    what: "routing destroyed by an empty, partial or forged list",
    mitigations: {
      "what was known is served while nothing can be read": ["M01", "M02", "M03", "M04"],
      "a list that lost most is held back": ["M06", "M07", "M08"],
      "a body must be whole, framed and understood": ["M05", "M14", "M15", "M16"],
      "a Marathon is believed by its certificate": ["M22", "M23"],
      "a version never goes back": ["M25"],
    },
  },
  {
    what: "credentials learnt from a redirect, a log, a page, the environment or a dump",
    mitigations: {
      "they go to configured hosts only": ["M09"],
      "they are in no page, line or argument": ["A09"],
      "proxies of the environment are not used": ["L26"],
      "memory is not dumped": ["D07"],
    },
  },
  {
    what: "requests smuggled past us, answers given to others",
    mitigations: {
      "what two parsers may read differently is refused": ["W01", "W02", "W03", "W12"],
      "a request is written anew, without what ends here": ["W13", "W15"],
      "an answer that is not strictly framed ends its connection": ["W04", "W05", "W07", "W18"],
    },
  },
  {
    what: "a TLS name hidden from us and shown to the replica",
    mitigations: {
      "hellos are put together whatever their pieces": ["S01", "S07"],
      "a bad hello is not a nameless one": ["S01", "S08"],
      "what was read is what is passed on": ["S06"],
    },
  },
  {
    what: "a forged client address",
    mitigations: {
      "a PROXY header is believed from named networks, by label": ["P02", "P03"],
      "its parser accepts nothing that the text forbids": ["P01", "P10"],
      "forwarding headers of others are replaced": ["W14", "P09"],
    },
  },
  {
    what: "memory or time out of proportion to what was sent",
    mitigations: {
      "a slow side holds up its own connection alone": ["T09", "T10"],
      "what comes before trust is bounded in bytes and time": ["P01", "P08", "S03", "W09"],
      "lists and events are bounded": ["M13", "M17", "M20", "M21"],
      "nothing is decompressed": ["M18"],
      "no key is a property, no parser goes back": ["X07", "X11", "X15"],
    },
  },
  {
    what: "descriptors, ports and sessions used up",
    mitigations: {
      "connections are limited below the descriptors there are": ["L01", "L02"],
      "our own shortage is nobody else's fault": ["HC09", "L03"],
      "sessions in use survive a flood of others": ["U08"],
      "the status port has places of its own": ["A04"],
    },
  },
  {
    what: "answers larger than questions, to an address that never asked",
    mitigations: {
      "answers can be limited per request": ["U07"],
      "addresses that cannot have asked are not answered": ["U06", "U09"],
    },
  },
  {
    what: "the status port read or used by whom it is not for",
    mitigations: {
      "it is where it was put": ["A01"],
      "a browser that was led here under another name gets nothing": ["A02", "A03"],
      "odd questions tell nothing of the inside": ["A06"],
      "strangers make no time series": ["A07", "A08"],
    },
  },
  {
    what: "the whole ended by one connection",
    mitigations: {
      "whatever can fail has a listener for its errors": ["D08", "U03", "U14", "A12"],
      "a thread that dies is replaced": ["L10"],
      "bytes of every kind are thrown at every parser": ["M19", "P10", "S07", "W01"],
    },
  },
  {
    what: "a hole in the runtime",
    mitigations: {
      "one exact version is tested and shipped": ["D09"],
      "it may do no more than it must": ["D05", "D06"],
    },
  },
  {
    what: "code of others in ours",
    mitigations: {
      "what is installed is what was reviewed": ["D01", "D02"],
      "few libraries, none in the data plane": ["D04"],
      "known holes are asked for": ["D03"],
      "what is shipped has nothing else in it": ["D10"],
    },
  },
  {
    what: "a way out of the container",
    mitigations: {
      "no rights, nothing to write": ["D07", "L24"],
      "ports without a right are told, the rest is served": ["B02"],
    },
  },
];
