// A table as kubectl prints one: no borders, columns padded to their widest cell; or its rows as
// JSON or YAML. Pure: any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace reconcile {

enum class TableOutput : std::uint8_t { kText, kWide, kJson, kYaml };

// "wide", "json", "yaml"; anything else is kText.
[[nodiscard]] TableOutput table_output(std::string_view word);

// Rows of as many cells each, one behind the other in one text: a table of a hundred thousand rows
// is two pieces of memory, not a million.
class TableRows {
 public:
  using Cells = std::initializer_list<std::string_view>;

  TableRows() = default;
  TableRows(std::initializer_list<Cells> rows) {
    for (const auto& cells : rows) add(cells);
  }

  // REQUIRES as many cells as the rows before have.
  void add(Cells cells);
  [[nodiscard]] bool empty() const { return ends_.empty(); }
  [[nodiscard]] std::size_t size() const { return empty() ? 0 : ends_.size() / width_; }
  // Of all cells together.
  [[nodiscard]] std::size_t bytes() const { return text_.size(); }
  // Valid until the next add().
  [[nodiscard]] std::string_view cell(std::size_t row, std::size_t column) const;

 private:
  std::size_t width_ = 0;
  std::string text_;
  std::vector<std::size_t> ends_;  // of each cell in the text
};

struct TextTable {
  std::string kind;                  // of a row in JSON: "Drain"
  std::vector<std::string> columns;  // "LOCAL ADDRESS"; in JSON "localAddress"
  std::size_t wide = 0;              // how many of the columns, the last ones, only wide text has
  TableRows rows;                    // each of columns.size() cells; an empty one prints <none>
};

// Ends with a line end. Without rows the text is the heading alone.
[[nodiscard]] std::string to_text(const TextTable& table, TableOutput output, bool headers = true);

}  // namespace reconcile
