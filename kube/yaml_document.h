// YAML as a tree of values, read by libyaml: kubeconfig files, kube-proxy's configuration.
//
// Refused: more than 64 lists and maps within each other. An alias is the node that it names, be it
// one above: who walks a tree bounds what it takes. Pure; any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

struct yaml_document_s;
struct yaml_node_s;

namespace kube {

// Keeps the document that it belongs to.
class YamlNode {
 public:
  // kNull is what a plain "", ~ or null says.
  enum class Kind { kAbsent, kNull, kText, kList, kMap };
  using Document = std::shared_ptr<yaml_document_s>;
  using Entry = std::pair<YamlNode, YamlNode>;  // key, value

  YamlNode() = default;  // absent
  YamlNode(Document document, const yaml_node_s* node)
      : document_(std::move(document)), node_(node) {}

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] bool is(Kind kind) const { return this->kind() == kind; }
  [[nodiscard]] std::size_t line() const;       // in the file, from 1; 0: absent
  [[nodiscard]] std::string_view text() const;  // empty unless kText
  [[nodiscard]] std::vector<YamlNode> items() const;
  [[nodiscard]] std::vector<Entry> entries() const;  // in the file's order, doubles too
  // The value of the first such key of a map; else absent.
  [[nodiscard]] YamlNode operator[](std::string_view key) const;

 private:
  [[nodiscard]] YamlNode at(int index) const;

  Document document_;
  const yaml_node_s* node_ = nullptr;
};

struct YamlError {
  std::size_t line = 0;  // from 1
  std::string problem;
};

// What the documents of a stream hold; empty ones are left out.
[[nodiscard]] tl::expected<std::vector<YamlNode>, YamlError> read_yaml(std::string_view text);

}  // namespace kube
