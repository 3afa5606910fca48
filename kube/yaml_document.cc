#include "kube/yaml_document.h"

#include <yaml.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <new>
#include <optional>

namespace kube {
namespace {

constexpr int kDeepest = 64;  // as in JSON (json_paths.h)
constexpr std::array<std::string_view, 5> kNulls = {"", "~", "null", "Null", "NULL"};

std::string_view scalar(const yaml_node_t& node) {
  const auto& value = node.data.scalar;
  return {reinterpret_cast<const char*>(value.value), value.length};
}

bool is_null(const yaml_node_t& node) {
  return node.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
         std::find(kNulls.begin(), kNulls.end(), scalar(node)) != kNulls.end();
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~Parser() { yaml_parser_delete(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // The next document, without a root behind the last; nullptr: see error().
  YamlNode::Document next() {
    auto document = std::make_unique<yaml_document_t>();
    if (yaml_parser_load(&parser_, document.get()) == 0) return nullptr;
    return {document.release(), [](yaml_document_t* read) {
              yaml_document_delete(read);
              delete read;
            }};
  }

  struct Event {
    yaml_event_type_t type;  // YAML_NO_EVENT: see error()
    std::size_t line;
  };

  // The next event, in place of documents.
  Event next_event() {
    yaml_event_t event;
    if (yaml_parser_parse(&parser_, &event) == 0) return {YAML_NO_EVENT, 0};
    const Event read{event.type, event.start_mark.line + 1};
    yaml_event_delete(&event);
    return read;
  }

  [[nodiscard]] YamlError error() const {
    std::string problem = parser_.problem == nullptr ? "no memory is left" : parser_.problem;
    if (parser_.context != nullptr) problem = std::string(parser_.context) + ", " + problem;
    return {line(), std::move(problem)};
  }

 private:
  // Of bytes that are no text, only how far in they stand is said.
  [[nodiscard]] std::size_t line() const {
    if (parser_.error != YAML_READER_ERROR) return parser_.problem_mark.line + 1;
    const auto before = text_.substr(0, parser_.problem_offset);
    return static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  }

  std::string_view text_;
  yaml_parser_t parser_{};
};

// By how much the event changes the depth.
int step_of(yaml_event_type_t event) {
  if (event == YAML_SEQUENCE_START_EVENT || event == YAML_MAPPING_START_EVENT) return 1;
  return event == YAML_SEQUENCE_END_EVENT || event == YAML_MAPPING_END_EVENT ? -1 : 0;
}

// What is wrong with the text. To be asked before the documents are loaded: libyaml loads any
// depth, in a time that grows with its square (100,000 brackets: a minute).
std::optional<YamlError> refusal(std::string_view text) {
  Parser parser(text);
  for (int depth = 0;;) {
    const auto [type, line] = parser.next_event();
    if (type == YAML_NO_EVENT) return parser.error();
    if (type == YAML_STREAM_END_EVENT) return std::nullopt;
    depth += step_of(type);
    if (depth > kDeepest) return YamlError{line, "more than 64 lists and maps within each other"};
  }
}

}  // namespace

YamlNode::Kind YamlNode::kind() const {
  if (node_ == nullptr) return Kind::kAbsent;
  switch (node_->type) {
    case YAML_NO_NODE:
      return Kind::kAbsent;
    case YAML_SCALAR_NODE:
      return is_null(*node_) ? Kind::kNull : Kind::kText;
    case YAML_SEQUENCE_NODE:
      return Kind::kList;
    case YAML_MAPPING_NODE:
      return Kind::kMap;
  }
  return Kind::kAbsent;
}

std::size_t YamlNode::line() const { return node_ == nullptr ? 0 : node_->start_mark.line + 1; }

std::string_view YamlNode::text() const { return is(Kind::kText) ? scalar(*node_) : ""; }

std::vector<YamlNode> YamlNode::items() const {
  std::vector<YamlNode> found;
  if (!is(Kind::kList)) return found;
  const auto& items = node_->data.sequence.items;
  std::transform(items.start, items.top, std::back_inserter(found),
                 [this](yaml_node_item_t item) { return at(item); });
  return found;
}

std::vector<YamlNode::Entry> YamlNode::entries() const {
  std::vector<Entry> found;
  if (!is(Kind::kMap)) return found;
  const auto& pairs = node_->data.mapping.pairs;
  std::transform(
      pairs.start, pairs.top, std::back_inserter(found),
      [this](const yaml_node_pair_t& pair) { return Entry(at(pair.key), at(pair.value)); });
  return found;
}

YamlNode YamlNode::operator[](std::string_view key) const {
  for (const auto& [name, value] : entries()) {
    if (name.is(Kind::kText) && name.text() == key) return value;
  }
  return {};
}

YamlNode YamlNode::at(int index) const {
  return {document_, yaml_document_get_node(document_.get(), index)};
}

tl::expected<std::vector<YamlNode>, YamlError> read_yaml(std::string_view text) {
  if (auto refused = refusal(text)) return tl::unexpected(*std::move(refused));
  std::vector<YamlNode> roots;
  Parser parser(text);
  for (;;) {
    const auto document = parser.next();
    if (!document) return tl::unexpected(parser.error());
    const auto* root = yaml_document_get_root_node(document.get());
    if (root == nullptr) return roots;
    roots.emplace_back(document, root);
  }
}

}  // namespace kube
