/** Files and answers that tell others of services; only where they are configured. */
export const publishedMetrics = {
  portolan_instance_files: { type: "gauge", help: "Upstream files that are ours now." },
  portolan_instance_files_written_total: { type: "counter", help: "Upstream files written." },
  portolan_instance_files_removed_total: {
    type: "counter",
    help: "Upstream files removed with their apps.",
  },
  portolan_instance_files_failures_total: {
    type: "counter",
    help: "Attempts to write or remove an upstream file that failed.",
  },
  portolan_instance_files_hook_runs_total: {
    type: "counter",
    help: "Runs of the hook after upstream files have changed.",
  },
  portolan_instance_files_hook_failures_total: {
    type: "counter",
    help: "Of these runs, those that failed.",
  },
  portolan_dns_answers_total: { type: "counter", help: "DNS answers by code." },
  portolan_dns_ignored_total: {
    type: "counter",
    help: "Messages to the DNS server that were no questions and were not answered.",
  },
  portolan_dns_connections_active: {
    type: "gauge",
    help: "TCP connections to the DNS server open now.",
  },
  portolan_dns_forwarded_total: {
    type: "counter",
    help: "Questions for other names, put to another server or answered from the cache.",
  },
  portolan_dns_forward_failures_total: {
    type: "counter",
    help: "Questions for other names that no other server answered.",
  },
} as const;
