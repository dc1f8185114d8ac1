import { publishedMetrics } from "./published-metrics.ts";

/** What a family counts, and how. */
export interface Described {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
}

// Every metric of our own, by name; the process and runtime metrics of the client come on top.

/** Services as clients see them. */
export const serviceMetrics = {
  portolan_service_connections_total: {
    type: "counter",
    help: "Connections accepted on a service port.",
  },
  portolan_service_connections_active: {
    type: "gauge",
    help: "Connections open now on a service port.",
  },
  portolan_service_connections_limit: {
    type: "gauge",
    help: "Connections a service port takes at once.",
  },
  portolan_service_received_bytes_total: { type: "counter", help: "Bytes read from clients." },
  portolan_service_sent_bytes_total: {
    type: "counter",
    help: "Bytes read from replicas for clients.",
  },
  portolan_replica_retries_total: {
    type: "counter",
    help: "Attempts that followed one which failed, on whichever replica.",
  },
  portolan_replica_redispatches_total: {
    type: "counter",
    help: "Of these attempts, those made on another replica.",
  },
  portolan_service_up: {
    type: "gauge",
    help: "1 when at least one replica takes new connections.",
  },
  portolan_connections_closed_total: {
    type: "counter",
    help: "Connections that ended, by the side that ended them and how.",
  },
  portolan_service_connections_rejected_total: {
    type: "counter",
    help: "Connections that were reset without reaching a replica, by our own decision.",
  },
  portolan_service_connection_duration_seconds: {
    type: "histogram",
    help: "How long connections lasted, counted when they end.",
  },
  portolan_replica_connect_duration_seconds: {
    type: "histogram",
    help: "How long it took to connect to a replica.",
  },
} as const;

/** UDP services as clients see them. */
export const datagramMetrics = {
  portolan_udp_sessions_total: { type: "counter", help: "Sessions opened on a UDP service port." },
  portolan_udp_sessions_active: { type: "gauge", help: "Sessions open now on a UDP service port." },
  portolan_udp_sessions_limit: {
    type: "gauge",
    help: "Sessions a UDP service port has at once.",
  },
  portolan_udp_sessions_closed_total: { type: "counter", help: "Sessions that ended, by how." },
  portolan_udp_datagrams_total: {
    type: "counter",
    help: "Datagrams received, from clients (in) and from replicas (out).",
  },
  portolan_udp_dropped_total: {
    type: "counter",
    help: "Datagrams that were received and went no further, by reason.",
  },
  portolan_udp_receive_buffer_bytes: {
    type: "gauge",
    help: "Bytes the kernel holds for a UDP listener, by its own count; 4 MiB are asked for.",
  },
  portolan_udp_kernel_dropped_total: {
    type: "counter",
    help: "Datagrams the kernel dropped since a UDP listener was bound, its buffer being full.",
  },
} as const;

/** Requests, by the service they were for; what went no further than a port of host names is that port's. */
export const requestMetrics = {
  portolan_http_requests_total: {
    type: "counter",
    help: "Requests by method and class of status (none: client left); of gateway/*: it answered itself.",
  },
  portolan_http_request_duration_seconds: {
    type: "histogram",
    help: "From the end of a request's head to the end of its answer, or to a change of protocol.",
  },
} as const;

/** Ports that services share by host name. */
export const gatewayMetrics = {
  portolan_gateway_connections_total: {
    type: "counter",
    help: "Connections accepted on a port of host names.",
  },
  portolan_gateway_connections_active: {
    type: "gauge",
    help: "Connections on a port of host names that are no service's own now.",
  },
  portolan_gateway_unknown_hosts_total: {
    type: "counter",
    help: "Requests, or TLS connections, for hosts that nobody serves.",
  },
  portolan_gateway_tls_connections_total: {
    type: "counter",
    help: "TLS connections that were passed through to a service, or whose TLS ended here.",
  },
  portolan_gateway_refused_hellos_total: {
    type: "counter",
    help: "TLS connections that were refused for how they began, by why.",
  },
  portolan_gateway_listener_up: {
    type: "gauge",
    help: "1 when the address is bound by every worker.",
  },
} as const;

/** Which replicas take connections. */
export const replicaStateMetrics = {
  portolan_service_replicas: { type: "gauge", help: "Replicas of a service by state." },
  portolan_replica_up: { type: "gauge", help: "1 when the replica takes new connections." },
} as const;

/** Every figure of every replica, exported only when asked for. */
export const replicaDetailMetrics = {
  portolan_replica_weight: {
    type: "gauge",
    help: "Share of the traffic relative to its siblings.",
  },
  portolan_replica_last_change_timestamp_seconds: {
    type: "gauge",
    help: "When the replica entered its state.",
  },
  portolan_replica_connections_total: { type: "counter", help: "Connections opened to a replica." },
  portolan_replica_connections_active: { type: "gauge", help: "Connections on a replica now." },
  portolan_replica_received_bytes_total: {
    type: "counter",
    help: "Bytes read from clients for a replica.",
  },
  portolan_replica_sent_bytes_total: { type: "counter", help: "Bytes read from a replica." },
  portolan_replica_connect_errors_total: {
    type: "counter",
    help: "Attempts to connect to a replica that failed, by reason.",
  },
} as const;

/** What our own probes found. */
export const checkMetrics = {
  portolan_checks_total: {
    type: "counter",
    help: "Probes of a service's replicas, by what they ask and what they found.",
  },
  portolan_check_duration_seconds: { type: "histogram", help: "How long probes took." },
  portolan_check_transitions_total: {
    type: "counter",
    help: "Replicas of a service that came up or went down, whoever found out.",
  },
} as const;

/** Where services come from. */
export const sourceMetrics = {
  portolan_discovery_connected: {
    type: "gauge",
    help: "1 while the source pushes its changes to us.",
  },
  portolan_discovery_events_total: {
    type: "counter",
    help: "Events received from the source, by what they say.",
  },
  portolan_discovery_reconnects_total: {
    type: "counter",
    help: "Times the event stream was opened again, by how the one before ended.",
  },
  portolan_discovery_syncs_total: { type: "counter", help: "Full looks at the source, by result." },
  portolan_discovery_sync_duration_seconds: {
    type: "histogram",
    help: "How long full looks took.",
  },
  portolan_discovery_last_success_timestamp_seconds: {
    type: "gauge",
    help: "When the source was last read in full.",
  },
  portolan_discovery_invalid_apps: {
    type: "gauge",
    help: "Apps of which something was skipped or clamped.",
  },
} as const;

/** The table, the listeners, the workers and the log. */
export const processMetrics = {
  portolan_services: { type: "gauge", help: "Services in the routing table." },
  portolan_routing_table_generation: { type: "gauge", help: "Version of the routing table." },
  portolan_routing_changes_total: { type: "counter", help: "Changes of routes, by what happened." },
  portolan_problems: {
    type: "gauge",
    help: "Things that were skipped, clamped, in conflict or failing, by kind.",
  },
  portolan_listener_up: { type: "gauge", help: "1 when the address is bound by every worker." },
  portolan_listener_bind_errors_total: {
    type: "counter",
    help: "Failed attempts to listen, by error code.",
  },
  portolan_connections_active: {
    type: "gauge",
    help: "Connections that are open now, those of services that are gone included.",
  },
  portolan_connections_limit: {
    type: "gauge",
    help: "Connections that the whole process may have, by the limit of descriptors and by memory.",
  },
  portolan_connections_over_limit_total: {
    type: "counter",
    help: "Connections that were reset since the whole process had as many as it may.",
  },
  portolan_build_info: { type: "gauge", help: "The version that runs." },
  portolan_worker_crashes_total: { type: "counter", help: "Workers that died and were replaced." },
  portolan_worker_event_loop_utilization_ratio: {
    type: "gauge",
    help: "Share of time a worker's event loop was busy since the last scrape.",
  },
  portolan_metrics_series_dropped_total: {
    type: "counter",
    help: "Series of services and replicas that found no room on a page.",
  },
  portolan_log_dropped_total: { type: "counter", help: "Log lines that could not be written." },
  portolan_access_log_dropped_total: {
    type: "counter",
    help: "Lines of the access log that found no room on their way or could not be written.",
  },
} as const;

/** Memory, where a control group limits it. */
export const memoryMetrics = {
  portolan_memory_limit_bytes: { type: "gauge", help: "Memory the control group may have." },
  portolan_memory_used_bytes: {
    type: "gauge",
    help: "What is in use of it and cannot be taken back: without the page cache.",
  },
  portolan_memory_shedding: {
    type: "gauge",
    help: "1 while newcomers are refused and still connections ended for want of memory.",
  },
} as const;

export const catalogue: Readonly<Record<string, Described>> = {
  ...serviceMetrics,
  ...datagramMetrics,
  ...requestMetrics,
  ...gatewayMetrics,
  ...publishedMetrics,
  ...replicaStateMetrics,
  ...replicaDetailMetrics,
  ...checkMetrics,
  ...sourceMetrics,
  ...processMetrics,
  ...memoryMetrics,
};

/** What reads each metric of a group; a metric without one does not compile. */
export type Readers<Group, Read> = Readonly<Record<keyof Group, Read>>;
