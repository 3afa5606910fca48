// How to reach an API server, and who we are there.
//
// A ClusterAccess names its credentials (a file, or the data itself); read_credentials() fetches
// them and is called for every new connection, so that rotated tokens and certificates are taken
// up. Credentials never travel over plain HTTP. Where it comes from: kubeconfig.h, in_cluster.h.
// Values; read_credentials() reads files; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace kube {

// A credential: in a file, or given. The data wins.
struct CredentialSource {
  std::string file;
  std::string data;

  [[nodiscard]] bool empty() const { return file.empty() && data.empty(); }
  friend bool operator==(const CredentialSource&, const CredentialSource&) = default;
};

// An HTTP proxy that opens tunnels (CONNECT).
struct ProxyAddress {
  std::string host;  // without brackets
  std::uint16_t port = 80;

  friend bool operator==(const ProxyAddress&, const ProxyAddress&) = default;
};

struct ClusterAccess {
  bool tls = true;
  std::string host;  // a name or an address, without brackets
  std::uint16_t port = 443;
  std::string path_prefix;      // of every request, e.g. "/k8s/clusters/c-1"; mostly empty
  std::string tls_server_name;  // the name the certificate must carry; empty: host
  bool insecure_skip_tls_verify = false;
  CredentialSource certificate_authority;  // empty: the system's authorities
  CredentialSource client_certificate;
  CredentialSource client_key;
  CredentialSource token;
  std::optional<ProxyAddress> proxy;  // stands between us and the server
  bool compression = true;            // lists may come compressed
  std::vector<std::string> warnings;  // for the log, each once at the start

  // "https://[fd00::1]:6443"
  [[nodiscard]] std::string url() const;
  friend bool operator==(const ClusterAccess&, const ClusterAccess&) = default;
};

// Sets tls, host, port and path_prefix from "https://host:port/prefix"; or says why not.
[[nodiscard]] tl::expected<void, std::string> set_server(ClusterAccess& access,
                                                         std::string_view url);

// PEM texts and a token; empty: none.
struct Credentials {
  std::string certificate_authority;
  std::string client_certificate;
  std::string client_key;
  std::string token;

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// Everything `access` names, read now; or which file cannot be read, and why.
[[nodiscard]] tl::expected<Credentials, std::string> read_credentials(const ClusterAccess& access);

// A whole file of at most 1 MiB, or why it cannot be read.
[[nodiscard]] tl::expected<std::string, std::string> read_file(const std::string& path);

}  // namespace kube
