#include "kube/kubeconfig.h"

#include <fmt/core.h>

#include <filesystem>
#include <set>

#include "kube/base64.h"
#include "kube/yaml_document.h"

namespace kube {
namespace {

// Ends the reading; caught in parse_kubeconfig, never seen outside.
struct Refusal {
  std::string why;
  std::string remedy;
};

using Kind = YamlNode::Kind;

[[noreturn]] void refuse(const YamlNode& node, const std::string& field, std::string_view why,
                         std::string remedy = {}) {
  const std::string line = node.line() == 0 ? "" : fmt::format("line {}: ", node.line());
  throw Refusal{.why = fmt::format("{}{} {}", line, field, why), .remedy = std::move(remedy)};
}

// One mapping of the file with its path for messages, e.g. users[0].user.
class Section {
 public:
  Section(YamlNode node, std::string path) : node_(std::move(node)), path_(std::move(path)) {
    if (!node_.is(Kind::kMap)) refuse(node_, path_.empty() ? "it" : path_, "must be a mapping");
    std::set<std::string_view> seen;
    for (const auto& [key, value] : node_.entries()) {
      if (!seen.insert(key.text()).second) refuse(key, field(key.text()), "appears twice");
    }
  }

  [[nodiscard]] std::string field(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }
  [[nodiscard]] bool has(const std::string& key) const {
    const auto kind = node_[key].kind();
    return kind != Kind::kAbsent && kind != Kind::kNull;
  }
  [[nodiscard]] std::string text(const std::string& key) const {
    if (!has(key)) return "";
    const auto value = node_[key];
    if (!value.is(Kind::kText)) refuse(value, field(key), "must be a text");
    return std::string(value.text());
  }
  [[nodiscard]] bool flag(const std::string& key) const {
    const std::string value = text(key);
    if (!value.empty() && value != "true" && value != "false") {
      refuse(node_[key], field(key), "must be true or false");
    }
    return value == "true";
  }
  [[nodiscard]] YamlNode node(const std::string& key) const { return node_[key]; }
  [[nodiscard]] const YamlNode& self() const { return node_; }

 private:
  YamlNode node_;
  std::string path_;
};

// clusters, users and contexts are lists of {name: …, cluster/user/context: {…}}.
Section named(const Section& root, const std::string& list, const std::string& inside,
              const std::string& name) {
  const auto entries = root.node(list);
  std::size_t index = 0;
  for (const auto& item : entries.items()) {
    const Section entry(item, fmt::format("{}[{}]", list, index++));
    if (entry.text("name") == name) return {entry.node(inside), entry.field(inside)};
  }
  refuse(entries, list, fmt::format("has no entry named \"{}\"", name),
         "Choose a context of the file, or mend the names in it.");
}

std::string resolved(const std::string& path, const std::filesystem::path& folder) {
  return path.empty() ? path : (folder / path).lexically_normal().string();
}

// The keys NAME (a file) and NAME-data (Base64).
CredentialSource source(const Section& section, const std::string& key,
                        const std::filesystem::path& folder) {
  CredentialSource found{.file = resolved(section.text(key), folder), .data = {}};
  const std::string data_key = key + "-data";
  const auto decoded = base64_decoded(section.text(data_key));
  if (!decoded) refuse(section.node(data_key), section.field(data_key), "is not Base64");
  found.data = *decoded;
  return found;
}

std::optional<ProxyAddress> proxy_of(const Section& cluster) {
  const std::string url = cluster.text("proxy-url");
  if (url.empty()) return std::nullopt;
  ClusterAccess parsed;
  const auto set = set_server(parsed, url);
  if (!set || parsed.tls || !parsed.path_prefix.empty()) {
    refuse(cluster.node("proxy-url"), cluster.field("proxy-url"),
           "is refused: " + (set ? std::string("it is no http://HOST:PORT") : set.error()),
           "Give an HTTP proxy that opens tunnels (CONNECT), or a server address that can be "
           "reached directly.");
  }
  return ProxyAddress{.host = parsed.host, .port = parsed.port};
}

void read_cluster(const Section& cluster, const std::filesystem::path& folder,
                  ClusterAccess& access) {
  access.proxy = proxy_of(cluster);
  access.compression = !cluster.flag("disable-compression");
  const std::string server = cluster.text("server");
  if (server.empty()) {
    refuse(cluster.self(), cluster.field("server"), "is missing",
           "Give the API server's address: https://HOST:PORT");
  }
  if (auto set = set_server(access, server); !set) {
    refuse(cluster.node("server"), cluster.field("server"), "is refused: " + set.error(),
           "Give the API server's address: https://HOST:PORT");
  }
  access.tls_server_name = cluster.text("tls-server-name");
  access.certificate_authority = source(cluster, "certificate-authority", folder);
  access.insecure_skip_tls_verify = cluster.flag("insecure-skip-tls-verify");
  if (access.insecure_skip_tls_verify) {
    access.warnings.push_back(
        cluster.field("insecure-skip-tls-verify") +
        ": whoever answers is believed to be the API server, and gets our token. "
        "Give certificate-authority instead.");
  }
}

void refuse_unsupported(const Section& user) {
  constexpr const char* kRemedy =
      "Use a ServiceAccount: in-cluster configuration, or token, tokenFile or client-certificate.";
  for (const char* key : {"as", "as-groups", "as-uid", "as-user-extra"}) {
    if (user.has(key)) {
      refuse(user.node(key), user.field(key), "is not supported: the agent acts as itself only",
             kRemedy);
    }
  }
  for (const char* key : {"exec", "auth-provider"}) {
    if (user.has(key)) {
      refuse(user.node(key), user.field(key),
             "is not supported: the agent never starts another program", kRemedy);
    }
  }
  for (const char* key : {"username", "password"}) {
    if (user.has(key)) {
      refuse(user.node(key), user.field(key),
             "is not supported: API servers refuse passwords since Kubernetes 1.19", kRemedy);
    }
  }
}

void read_user(const Section& user, const std::filesystem::path& folder, ClusterAccess& access) {
  refuse_unsupported(user);
  access.client_certificate = source(user, "client-certificate", folder);
  access.client_key = source(user, "client-key", folder);
  if (access.client_certificate.empty() != access.client_key.empty()) {
    refuse(user.self(), user.field("client-certificate"), "and client-key need each other");
  }
  // The file wins: it is the one that is renewed.
  access.token.file = resolved(user.text("tokenFile"), folder);
  if (access.token.file.empty()) access.token.data = user.text("token");
  if (!access.tls && (!access.token.empty() || !access.client_certificate.empty())) {
    access.warnings.push_back("the server address is http://, so no credentials are sent to it.");
  }
}

ClusterAccess read_access(const Section& root, const std::filesystem::path& folder,
                          std::string_view wanted_context) {
  const std::string context_name =
      wanted_context.empty() ? root.text("current-context") : std::string(wanted_context);
  if (context_name.empty()) {
    refuse(root.self(), "current-context", "is missing",
           "Set it: kubectl config use-context NAME --kubeconfig FILE");
  }
  const Section context = named(root, "contexts", "context", context_name);
  ClusterAccess access;
  read_cluster(named(root, "clusters", "cluster", context.text("cluster")), folder, access);
  const std::string user = context.text("user");
  if (!user.empty()) read_user(named(root, "users", "user", user), folder, access);
  return access;
}

Trouble trouble(const std::string& file, std::string why, std::string remedy) {
  if (remedy.empty()) remedy = "Mend the file; `kubectl --kubeconfig FILE version` tries it.";
  return {
      .what = "cannot use kubeconfig " + file, .why = std::move(why), .remedy = std::move(remedy)};
}

}  // namespace

tl::expected<ClusterAccess, Trouble> parse_kubeconfig(std::string_view text,
                                                      const std::string& file,
                                                      std::string_view context) {
  const auto documents = read_yaml(text);
  if (!documents) {
    const auto& [line, problem] = documents.error();
    return tl::unexpected(trouble(file, fmt::format("line {}: {}", line, problem), ""));
  }
  try {
    const Section root(documents->empty() ? YamlNode() : documents->front(), "");
    return read_access(root, std::filesystem::absolute(file).parent_path(), context);
  } catch (const Refusal& refusal) {
    return tl::unexpected(trouble(file, refusal.why, refusal.remedy));
  }
}

tl::expected<ClusterAccess, Trouble> load_kubeconfig(const std::string& file,
                                                     std::string_view context) {
  const auto text = read_file(file);
  if (!text) {
    return tl::unexpected(
        trouble(file, text.error(), "Check the path and that the agent may read the file."));
  }
  auto access = parse_kubeconfig(*text, file, context);
  if (!access) return access;
  if (auto credentials = read_credentials(*access); !credentials) {
    return tl::unexpected(
        trouble(file, credentials.error(), "Check the path and that the agent may read the file."));
  }
  return access;
}

}  // namespace kube
