// How this node's agent was told to behave: one plain value, whoever told it.
//
// Defaults are those of kube-proxy 1.36 in ipvs mode, so that nothing changes for who migrates. It
// is filled from kube-proxy's flags and from its KubeProxyConfiguration file through one table
// (config_field.h), which also says what of both has no effect here. Plain value: any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace reconcile {

// Which clients count as pods of this cluster; what is none is masqueraded.
enum class DetectLocalMode : std::uint8_t {
  kClusterCidr,
  kNodeCidr,
  kBridgeInterface,
  kInterfaceNamePrefix,
};

// Lower bounds and timeouts of the node's connection tracking; 0 leaves the kernel's value alone.
struct ConntrackConfig {
  int max_per_core = 32'768;  // net.netfilter.nf_conntrack_max, for each CPU …
  int min = 131'072;          // … and at least this
  std::chrono::milliseconds tcp_established_timeout{std::chrono::hours(24)};
  std::chrono::milliseconds tcp_close_wait_timeout{std::chrono::hours(1)};
  bool tcp_be_liberal = false;
  std::chrono::milliseconds udp_timeout{0};
  std::chrono::milliseconds udp_stream_timeout{0};
};

// net.ipv4.vs timeouts, `ipvsadm --set`; 0 leaves the kernel's value alone.
struct IpvsTimeouts {
  std::chrono::milliseconds tcp{0};
  std::chrono::milliseconds tcp_fin{0};
  std::chrono::milliseconds udp{0};
};

struct AgentConfig {
  // Who we are, and how the API server is reached.
  std::string node_name;   // empty: $NODE_NAME, then the host's name
  std::string kubeconfig;  // file; empty: the pod's service account
  std::string master;      // overrides the kubeconfig's server; empty: it does not
  std::chrono::milliseconds outage_window{
      500};                  // first requests after an outage are spread over it
  int brake_threshold = 20;  // so many objects may vanish from a list before it is doubted
  std::chrono::milliseconds brake_pause{2'000};  // between a list that is doubted and the next

  // IPVS.
  std::string scheduler = "rr";  // of Services that name none themselves
  std::chrono::milliseconds sync_period{30'000};
  std::chrono::milliseconds drain_deadline{60'000};
  std::vector<std::string> exclude_cidrs;  // virtual servers in these are never ours
  bool strict_arp = false;
  IpvsTimeouts timeouts;

  // Who is masqueraded, and what is announced.
  bool masquerade_all = false;
  int masquerade_bit = 14;  // of the packet mark
  std::vector<std::string> cluster_cidrs;
  DetectLocalMode detect_local_mode = DetectLocalMode::kClusterCidr;
  std::string bridge_interface;                  // with kBridgeInterface
  std::string interface_name_prefix;             // with kInterfaceNamePrefix
  std::vector<std::string> node_port_addresses;  // CIDRs, or "primary" alone; empty: all addresses
  bool allow_external_ips = true;                // gate AllowServiceExternalIPs
  bool watch_all_nodes = true;  // while a Service asks for an external or load-balancer IP
  std::vector<std::string>
      external_ip_cidrs;  // external IPs outside are refused; empty: all may be

  // The node.
  std::string bind_address = "0.0.0.0";
  ConntrackConfig conntrack;
  int oom_score_adj = -999;

  // Servers; an empty address turns one off.
  std::string healthz_bind_address = "0.0.0.0:10256";
  std::string metrics_bind_address = "127.0.0.1:10249";
  bool bind_address_hard_fail = false;
  int service_metrics = 100;  // as many Services have metrics of their own
  std::string control_socket = "/run/kube-ipvs/agent.sock";

  // Logs.
  std::string logging_format = "text";  // or json
  int verbosity = 2;

  // What was given and has no effect here, and why not. For the log, once.
  std::map<std::string, std::string> without_effect;
};

}  // namespace reconcile
