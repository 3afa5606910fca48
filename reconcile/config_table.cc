// The rows of the table; the functions that read them are in config_field.cc.
#include <array>

#include "reconcile/config_checks.h"
#include "reconcile/config_field.h"

namespace reconcile {
namespace {

using enum FieldKind;
using enum Support;
using enum Effect;

// A row's `place`: the member of AgentConfig, or of a struct within it.
template <auto... Members>
Place at(AgentConfig& config) {
  return Place(&(config.*....*Members));
}

constexpr std::string_view kNoIptables = "no iptables rules are written; see the ipvs section";
constexpr std::string_view kNoNftablesMode = "belongs to kube-proxy's nftables mode";
constexpr std::string_view kWindows = "Windows only";
constexpr std::string_view kJson = "the API server is asked for JSON, over one connection a watch";
constexpr std::string_view kUnbuffered = "log lines are written at once";
constexpr std::string_view kIncremental = "every change is written by itself, at once";

const std::array kFields = {
    // The cluster, and who we are in it.
    ConfigField{"", "config", kText, kHonoured,
                "File with a KubeProxyConfiguration; other flags that stand in it are ignored then",
                "", nullptr},
    ConfigField{
        "clientConnection.kubeconfig", "kubeconfig", kText, kHonoured,
        "File with the API server's address and our credentials (default: the pod's service "
        "account)",
        "", at<&AgentConfig::kubeconfig>, nullptr, false, kAtRestart},
    ConfigField{"", "master", kText, kHonoured,
                "Address of the API server, instead of kubeconfig's", "", at<&AgentConfig::master>,
                nullptr, true},
    ConfigField{"hostnameOverride", "hostname-override", kText, kHonoured,
                "This node's name in the cluster (default: $NODE_NAME, then the host name)", "",
                at<&AgentConfig::node_name>, nullptr, true, kAtRestart},
    ConfigField{"", "api-outage-window", kDuration, kHonoured,
                "After an outage of the API server this agent's first requests wait for a moment "
                "within this time; the more nodes, the longer it should be",
                "", at<&AgentConfig::outage_window>, check_positive_duration, true},
    ConfigField{"", "api-brake-threshold", kInteger, kHonoured,
                "A list that takes away more than so many Services or endpoints, and more than "
                "half, is believed when a second one agrees, or after 'kube-ipvs release-brake'",
                "", at<&AgentConfig::brake_threshold>, nullptr, true},
    ConfigField{"", "api-brake-pause", kDuration, kHonoured,
                "How long after a list that takes much away the second one is read", "",
                at<&AgentConfig::brake_pause>, check_positive_duration, true},
    ConfigField{"clientConnection.acceptContentTypes", "", kText, kWithoutEffect, kJson, ""},
    ConfigField{"clientConnection.contentType", "kube-api-content-type", kText, kWithoutEffect,
                kJson, "application/vnd.kubernetes.protobuf"},
    ConfigField{"clientConnection.qps", "kube-api-qps", kText, kWithoutEffect, kJson, "5"},
    ConfigField{"clientConnection.burst", "kube-api-burst", kInteger, kWithoutEffect, kJson, "10"},
    ConfigField{"configSyncPeriod", "config-sync-period", kDuration, kWithoutEffect,
                "watches are current; there is nothing to refresh", "15m0s"},

    // The mode.
    ConfigField{
        "mode", "proxy-mode", kText, kRefused,
        "this is a service proxy on IPVS only: set it to ipvs, or run kube-proxy for other modes",
        "ipvs", nullptr, check_mode},
    ConfigField{"ipvs.scheduler", "ipvs-scheduler", kText, kHonoured,
                "Scheduler of Services that name none; any that the kernel has", "",
                at<&AgentConfig::scheduler>, check_scheduler},
    ConfigField{"ipvs.syncPeriod", "ipvs-sync-period", kDuration, kHonoured,
                "How often the kernel is read completely and repaired", "",
                at<&AgentConfig::sync_period>, check_positive_duration},
    ConfigField{"ipvs.minSyncPeriod", "ipvs-min-sync-period", kDuration, kWithoutEffect,
                kIncremental, "1s"},
    ConfigField{"", "drain-deadline", kDuration, kHonoured,
                "How long connections may outlive their endpoint", "",
                at<&AgentConfig::drain_deadline>, check_positive_duration, true},
    ConfigField{"ipvs.excludeCIDRs", "ipvs-exclude-cidrs", kList, kHonoured,
                "Virtual servers with addresses in these networks are never touched", "",
                at<&AgentConfig::exclude_cidrs>, check_cidrs},
    ConfigField{"ipvs.strictARP", "ipvs-strict-arp", kBool, kHonoured,
                "Answer ARP for addresses of the asked interface only; MetalLB needs it", "",
                at<&AgentConfig::strict_arp>},
    ConfigField{"ipvs.tcpTimeout", "ipvs-tcp-timeout", kDuration, kHonoured,
                "Of idle TCP connections; 0 leaves the kernel's", "",
                at<&AgentConfig::timeouts, &IpvsTimeouts::tcp>},
    ConfigField{"ipvs.tcpFinTimeout", "ipvs-tcpfin-timeout", kDuration, kHonoured,
                "Of TCP connections after a FIN; 0 leaves the kernel's", "",
                at<&AgentConfig::timeouts, &IpvsTimeouts::tcp_fin>},
    ConfigField{"ipvs.udpTimeout", "ipvs-udp-timeout", kDuration, kHonoured,
                "Of idle UDP flows; 0 leaves the kernel's", "",
                at<&AgentConfig::timeouts, &IpvsTimeouts::udp>},

    // Who is masqueraded, and what is announced.
    ConfigField{"iptables.masqueradeAll", "masquerade-all", kBool, kHonoured,
                "Masquerade everything that is sent to a cluster address", "",
                at<&AgentConfig::masquerade_all>},
    ConfigField{"iptables.masqueradeBit", "iptables-masquerade-bit", kInteger, kHonoured,
                "Bit of the packet mark that means: masquerade", "",
                at<&AgentConfig::masquerade_bit>, check_mark_bit, false, kAtRestart},
    ConfigField{"clusterCIDR", "cluster-cidr", kList, kHonoured,
                "The pods' networks, one a family; other clients are masqueraded", "",
                at<&AgentConfig::cluster_cidrs>, check_cidrs},
    ConfigField{"detectLocalMode", "detect-local-mode", kText, kHonoured,
                "How this node's pods are told apart: ClusterCIDR, NodeCIDR, BridgeInterface or "
                "InterfaceNamePrefix",
                "", at<&AgentConfig::detect_local_mode>, nullptr, false, kAtRestart},
    ConfigField{"detectLocal.bridgeInterface", "pod-bridge-interface", kText, kHonoured,
                "The pods' bridge, with BridgeInterface", "", at<&AgentConfig::bridge_interface>,
                nullptr, false, kAtRestart},
    ConfigField{"detectLocal.interfaceNamePrefix", "pod-interface-name-prefix", kText, kHonoured,
                "How the pods' interfaces begin, with InterfaceNamePrefix", "",
                at<&AgentConfig::interface_name_prefix>, nullptr, false, kAtRestart},
    ConfigField{"nodePortAddresses", "nodeport-addresses", kList, kHonoured,
                "Networks whose node addresses serve node ports, or 'primary' (default: all)", "",
                at<&AgentConfig::node_port_addresses>, check_node_port_addresses},
    ConfigField{"", "external-ip-cidrs", kList, kHonoured,
                "Networks from which Services may take external IPs (default: all)", "",
                at<&AgentConfig::external_ip_cidrs>, check_cidrs, true},
    ConfigField{"", "watch-all-nodes", kBool, kHonoured,
                "While a Service has an external or load-balancer IP, watch all nodes, so that it "
                "takes no address of theirs; false spares the API server of a huge cluster the "
                "status of every node for every agent, and only this node's are refused",
                "", at<&AgentConfig::watch_all_nodes>, nullptr, true},
    ConfigField{"featureGates", "feature-gates", kGates, kHonoured,
                "Kubernetes' feature gates; AllowServiceExternalIPs=false refuses external IPs", "",
                nullptr},

    // The node.
    ConfigField{"bindAddress", "bind-address", kText, kHonoured,
                "Its family is that of the servers' default addresses", "",
                at<&AgentConfig::bind_address>, check_address, false, kAtRestart},
    ConfigField{"conntrack.maxPerCore", "conntrack-max-per-core", kInteger, kHonoured,
                "Tracked connections for each CPU; 0 leaves the kernel's limit", "",
                at<&AgentConfig::conntrack, &ConntrackConfig::max_per_core>, check_natural},
    ConfigField{"conntrack.min", "conntrack-min", kInteger, kHonoured,
                "Tracked connections at least, whatever conntrack-max-per-core says", "",
                at<&AgentConfig::conntrack, &ConntrackConfig::min>, check_natural},
    ConfigField{"conntrack.tcpEstablishedTimeout", "conntrack-tcp-timeout-established", kDuration,
                kHonoured, "Of idle tracked TCP connections; 0 leaves the kernel's", "",
                at<&AgentConfig::conntrack, &ConntrackConfig::tcp_established_timeout>},
    ConfigField{"conntrack.tcpCloseWaitTimeout", "conntrack-tcp-timeout-close-wait", kDuration,
                kHonoured, "Of tracked TCP connections in CLOSE_WAIT; 0 leaves the kernel's", "",
                at<&AgentConfig::conntrack, &ConntrackConfig::tcp_close_wait_timeout>},
    ConfigField{"conntrack.tcpBeLiberal", "conntrack-tcp-be-liberal", kBool, kHonoured,
                "Accept tracked TCP packets outside the window", "",
                at<&AgentConfig::conntrack, &ConntrackConfig::tcp_be_liberal>},
    ConfigField{"conntrack.udpTimeout", "conntrack-udp-timeout", kDuration, kHonoured,
                "Of unanswered tracked UDP flows; 0 leaves the kernel's", "",
                at<&AgentConfig::conntrack, &ConntrackConfig::udp_timeout>},
    ConfigField{"conntrack.udpStreamTimeout", "conntrack-udp-timeout-stream", kDuration, kHonoured,
                "Of answered tracked UDP flows; 0 leaves the kernel's", "",
                at<&AgentConfig::conntrack, &ConntrackConfig::udp_stream_timeout>},
    ConfigField{"oomScoreAdj", "oom-score-adj", kInteger, kHonoured,
                "How unlikely the kernel ends this process when memory is short", "",
                at<&AgentConfig::oom_score_adj>, check_oom_score},

    // Servers.
    ConfigField{"healthzBindAddress", "healthz-bind-address", kText, kHonoured,
                "Address and port of /healthz and /livez; empty: none", "",
                at<&AgentConfig::healthz_bind_address>, check_listen_address, false, kAtRestart},
    ConfigField{"metricsBindAddress", "metrics-bind-address", kText, kHonoured,
                "Address and port of /metrics, /configz and /statusz; empty: none", "",
                at<&AgentConfig::metrics_bind_address>, check_listen_address, false, kAtRestart},
    ConfigField{"bindAddressHardFail", "bind-address-hard-fail", kBool, kHonoured,
                "End when a server's address cannot be bound", "",
                at<&AgentConfig::bind_address_hard_fail>, nullptr, false, kAtRestart},
    ConfigField{"", "service-metrics", kInteger, kHonoured,
                "As many Services, the busiest, have metrics of their traffic under their names; "
                "the others share one",
                "", at<&AgentConfig::service_metrics>, check_natural, true},
    ConfigField{"", "control-socket", kText, kHonoured,
                "Unix socket for kube-ipvs' own subcommands; empty: none", "",
                at<&AgentConfig::control_socket>, nullptr, true},
    ConfigField{"enableProfiling", "profiling", kBool, kWithoutEffect,
                "there is no Go runtime to profile", "false"},
    ConfigField{"showHiddenMetricsForVersion", "show-hidden-metrics-for-version", kText,
                kWithoutEffect, "no metric is hidden", ""},
    ConfigField{"", "healthz-port", kInteger, kRefused, "set --healthz-bind-address", "10256"},
    ConfigField{"", "metrics-port", kInteger, kRefused, "set --metrics-bind-address", "10249"},

    // Logs.
    ConfigField{"logging.format", "logging-format", kText, kHonoured, "text or json", "",
                at<&AgentConfig::logging_format>, check_logging_format, true, kAtRestart},
    ConfigField{"logging.verbosity", "v", kInteger, kHonoured,
                "Log level: 0 least, 2 steady state, 3 changes, 4 debugging", "",
                at<&AgentConfig::verbosity>, check_verbosity, true},
    ConfigField{"logging.vmodule", "vmodule", kText, kWithoutEffect,
                "the log level holds for all files", ""},
    ConfigField{"logging.flushFrequency", "log-flush-frequency", kText, kWithoutEffect, kUnbuffered,
                "5s"},
    ConfigField{"logging.options.text.splitStream", "log-text-split-stream", kBool, kWithoutEffect,
                "all lines go to stderr", "false"},
    ConfigField{"logging.options.text.infoBufferSize", "log-text-info-buffer-size", kText,
                kWithoutEffect, kUnbuffered, "0"},
    ConfigField{"logging.options.json.splitStream", "log-json-split-stream", kBool, kWithoutEffect,
                "all lines go to stderr", "false"},
    ConfigField{"logging.options.json.infoBufferSize", "log-json-info-buffer-size", kText,
                kWithoutEffect, kUnbuffered, "0"},

    // Other modes of kube-proxy.
    ConfigField{"iptables.localhostNodePorts", "iptables-localhost-nodeports", kBool,
                kWithoutEffect, "ipvs mode has no node ports on 127.0.0.1", "true"},
    ConfigField{"iptables.syncPeriod", "iptables-sync-period", kDuration, kWithoutEffect,
                kNoIptables, "30s"},
    ConfigField{"iptables.minSyncPeriod", "iptables-min-sync-period", kDuration, kWithoutEffect,
                kNoIptables, "1s"},
    ConfigField{"nftables.masqueradeAll", "", kBool, kWithoutEffect, kNoNftablesMode, "false"},
    ConfigField{"nftables.masqueradeBit", "", kInteger, kWithoutEffect, kNoNftablesMode, "14"},
    ConfigField{"nftables.syncPeriod", "", kDuration, kWithoutEffect, kNoNftablesMode, "30s"},
    ConfigField{"nftables.minSyncPeriod", "", kDuration, kWithoutEffect, kNoNftablesMode, "1s"},
    ConfigField{"winkernel.networkName", "", kText, kWithoutEffect, kWindows, ""},
    ConfigField{"winkernel.sourceVip", "", kText, kWithoutEffect, kWindows, ""},
    ConfigField{"winkernel.enableDSR", "", kBool, kWithoutEffect, kWindows, "false"},
    ConfigField{"winkernel.rootHnsEndpointName", "", kText, kWithoutEffect, kWindows, ""},
    ConfigField{"winkernel.forwardHealthCheckVip", "", kBool, kWithoutEffect, kWindows, "false"},
    ConfigField{"windowsRunAsService", "", kBool, kWithoutEffect, kWindows, "false"},
    ConfigField{"portRange", "", kText, kWithoutEffect, "no mode has used it since 1.26", ""},
    ConfigField{"", "boot-id-file", kText, kWithoutEffect, "nothing reads the boot id",
                "/proc/sys/kernel/random/boot_id"},
    ConfigField{"", "machine-id-file", kText, kWithoutEffect, "nothing reads the machine id",
                "/etc/machine-id,/var/lib/dbus/machine-id"},

    // What are subcommands here.
    ConfigField{"", "cleanup", kBool, kRefused,
                "run 'kube-ipvs cleanup', which removes only what is ours", "false"},
    ConfigField{"", "init-only", kBool, kRefused, "run 'kube-ipvs init'", "false"},
    ConfigField{"", "write-config-to", kText, kRefused,
                "run 'kube-ipvs config check', or ask a running agent's /configz", ""},
};

}  // namespace

std::span<const ConfigField> config_fields() { return kFields; }

}  // namespace reconcile
