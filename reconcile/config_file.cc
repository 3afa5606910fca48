#include "reconcile/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "kube/yaml_document.h"
#include "reconcile/config_field.h"
#include "reconcile/did_you_mean.h"

namespace reconcile {
namespace {

using kube::YamlNode;
using Kind = YamlNode::Kind;

constexpr std::string_view kKind = "KubeProxyConfiguration";
constexpr std::string_view kGroup = "kubeproxy.config.k8s.io/";
constexpr std::string_view kVersion = "kubeproxy.config.k8s.io/v1alpha1";
constexpr std::size_t kMostFields = 1'000;  // aliases let a small file unfold without end
constexpr int kDeepest = 8;

std::string child(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + '.' + name;
}

std::string text_of(const YamlNode& node) { return std::string(node.text()); }

// A sequence of scalars, or a map of gates, as a flag spells it.
std::string flag_text(const YamlNode& node) {
  if (node.is(Kind::kText)) return text_of(node);
  std::vector<std::string> parts;
  for (const auto& item : node.items()) parts.push_back(text_of(item));
  for (const auto& [name, value] : node.entries()) {
    parts.push_back(text_of(name) + '=' + text_of(value));
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

std::vector<std::string_view> known_paths() {
  std::vector<std::string_view> paths;
  for (const auto& field : config_fields()) {
    if (!field.path.empty()) paths.push_back(field.path);
  }
  return paths;
}

bool is_section(const std::string& path) {
  return std::ranges::any_of(config_fields(), [&](const ConfigField& field) {
    return field.path.starts_with(path + '.');
  });
}

// Walks the file and fills a ConfigFile.
class FileReader {
 public:
  explicit FileReader(ConfigFile& file) : file_(file) {}

  void read(const YamlNode& node, const std::string& path, int depth);

 private:
  void read_field(const YamlNode& node, const std::string& path);
  void take(const ConfigField& field, const std::string& path, const std::string& value);
  void add(FindingKind kind, const std::string& path, const std::string& value, std::string text) {
    file_.findings.push_back({kind, path, value, std::move(text)});
  }

  ConfigFile& file_;
};

void FileReader::read(const YamlNode& node, const std::string& path, int depth) {
  for (const auto& [key, value] : node.entries()) {
    if (file_.findings.size() > kMostFields) return;
    const auto name = child(path, text_of(key));
    if (path.empty() && (name == "apiVersion" || name == "kind")) continue;
    if (value.is(Kind::kMap) && is_section(name) && depth < kDeepest) {
      read(value, name, depth + 1);
    } else if (!value.is(Kind::kNull)) {
      read_field(value, name);
    }
  }
}

void FileReader::read_field(const YamlNode& node, const std::string& path) {
  const auto value = flag_text(node);
  if (const auto* field = field_at_path(path)) return take(*field, path, value);
  const auto meant = did_you_mean(path, known_paths());
  add(FindingKind::kUnknown, path, value,
      meant.empty() ? "kube-proxy has no such field" : fmt::format("did you mean {}?", meant));
}

// kube-proxy fills in its default where a file has the empty value, and for a period of 0.
bool is_default(const ConfigField& field, const std::string& value) {
  return value.empty() || (field.path == "ipvs.syncPeriod" && (value == "0s" || value == "0"));
}

void FileReader::take(const ConfigField& field, const std::string& path, const std::string& value) {
  if (is_default(field, value)) return;
  if (const auto problem = set_field(file_.config, field, value)) {
    return add(FindingKind::kRefused, path, value, *problem);
  }
  if (field.support == Support::kWithoutEffect) {
    return add(FindingKind::kWithoutEffect, path, value, std::string(field.text));
  }
  add(FindingKind::kHonoured, path, value, "");
}

using Documents = std::vector<YamlNode>;

tl::expected<Documents, std::string> documents_in(std::string_view text) {
  auto documents = kube::read_yaml(text);
  if (documents) return *std::move(documents);
  const auto& [line, problem] = documents.error();
  return tl::unexpected(fmt::format("it is no YAML: line {}: {}", line, problem));
}

// The file within a ConfigMap; the documents themselves if there is none.
tl::expected<Documents, std::string> unwrapped(Documents documents) {
  if (documents.empty() || documents.front()["kind"].text() != "ConfigMap") return documents;
  const auto data = documents.front()["data"];
  return data.is(Kind::kMap) ? documents_in(data["config.conf"].text()) : documents;
}

tl::expected<YamlNode, std::string> find_document(const Documents& documents) {
  std::string seen;
  for (const auto& document : documents) {
    if (!document.is(Kind::kMap)) continue;
    const auto version = document["apiVersion"].text();
    const auto kind = document["kind"].text();
    if (kind == kKind && version == kVersion) return document;
    seen = fmt::format(", but {} {}", version, kind);
    if (version.starts_with(kGroup)) break;
  }
  return tl::unexpected(
      fmt::format("it holds no {} {}{}; the file is what 'kubectl get configmap "
                  "kube-proxy -n kube-system -o yaml' has in config.conf",
                  kVersion, kKind, seen));
}

std::string_view word(FindingKind kind) {
  switch (kind) {
    case FindingKind::kHonoured:
      return "honoured";
    case FindingKind::kWithoutEffect:
      return "no effect";
    case FindingKind::kRefused:
      return "refused";
    case FindingKind::kUnknown:
      return "unknown";
  }
  return "";
}

}  // namespace

bool ConfigFile::refused() const {
  return std::ranges::any_of(
      findings, [](const ConfigFinding& finding) { return finding.kind == FindingKind::kRefused; });
}

tl::expected<ConfigFile, std::string> read_config(std::string_view text, const AgentConfig& base) {
  const auto document = documents_in(text).and_then(unwrapped).and_then(find_document);
  if (!document) return tl::unexpected(document.error());
  ConfigFile file{base, {}};
  FileReader(file).read(*document, "", 0);
  return file;
}

std::string config_report(const ConfigFile& file) {
  std::string text;
  std::array<int, 4> counts{};
  for (const auto& finding : file.findings) {
    ++counts[static_cast<std::size_t>(finding.kind)];
    fmt::format_to(std::back_inserter(text), "{:<9}  {}: {}{}{}\n", word(finding.kind),
                   finding.path, finding.value, finding.text.empty() ? "" : "  # ", finding.text);
  }
  fmt::format_to(
      std::back_inserter(text),
      "{} honoured, {} without effect, {} refused, {} unknown; all else has its default.\n",
      counts[0], counts[1], counts[2], counts[3]);
  return text;
}

}  // namespace reconcile
