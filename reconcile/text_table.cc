#include "reconcile/text_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <numeric>

#include "reconcile/json_text.h"

namespace reconcile {
namespace {

constexpr std::size_t kGap = 3;  // blanks between columns

// "LOCAL ADDRESS": "localAddress".
std::string json_name(const std::string& column) {
  std::string name;
  bool upper = false;
  for (const char c : column) {
    const auto letter = static_cast<unsigned char>(c);
    if (c == ' ') {
      upper = true;
      continue;
    }
    name += static_cast<char>(upper ? std::toupper(letter) : std::tolower(letter));
    upper = false;
  }
  return name;
}

std::string_view shown(std::string_view cell) { return cell.empty() ? "<none>" : cell; }

// Of the columns that are shown.
std::vector<std::size_t> widths_of(const TextTable& table, bool wide, bool headers) {
  std::vector<std::size_t> widths(table.columns.size() - (wide ? 0 : table.wide));
  const auto widen = [&](std::size_t column, std::string_view cell) {
    widths[column] = std::max(widths[column], shown(cell).size());
  };
  for (std::size_t i = 0; headers && i < widths.size(); ++i) widen(i, table.columns[i]);
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    for (std::size_t i = 0; i < widths.size(); ++i) widen(i, table.rows.cell(row, i));
  }
  return widths;
}

// `cell_of(column)`: what stands there.
template <class CellOf>
void add_line(std::string& text, const std::vector<std::size_t>& widths, CellOf cell_of) {
  for (std::size_t column = 0; column < widths.size(); ++column) {
    const auto cell = shown(cell_of(column));
    text += cell;
    if (column + 1 < widths.size()) text.append(widths[column] - cell.size() + kGap, ' ');
  }
  text += '\n';
}

std::string plain(const TextTable& table, bool wide, bool headers) {
  const auto widths = widths_of(table, wide, headers);
  const auto line = std::accumulate(widths.begin(), widths.end(), kGap * widths.size());
  std::string text;
  text.reserve((table.rows.size() + 1) * line);
  const auto title = [&](std::size_t column) -> std::string_view { return table.columns[column]; };
  if (headers) add_line(text, widths, title);
  for (std::size_t row = 0; row < table.rows.size(); ++row)
    add_line(text, widths, [&](std::size_t column) { return table.rows.cell(row, column); });
  return text;
}

// What stands before each cell of a row: `before_first` or `before`, the column's name, `after`.
std::vector<std::string> labels(const TextTable& table, std::string_view before_first,
                                std::string_view before, std::string_view after) {
  std::vector<std::string> all;
  for (const auto& column : table.columns) {
    all.push_back(
        fmt::format("{}{}{}", all.empty() ? before_first : before, json_name(column), after));
  }
  return all;
}

// Every row: its cells as JSON strings, each behind its label, and `end`.
void add_rows(std::string& text, const TextTable& table, const std::vector<std::string>& labels,
              std::string_view end) {
  constexpr std::size_t kQuotes = 2;
  auto row_bytes = end.size();
  for (const auto& label : labels) row_bytes += label.size() + kQuotes;
  text.reserve(text.size() + table.rows.bytes() + table.rows.size() * row_bytes);
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    for (std::size_t column = 0; column < labels.size(); ++column) {
      text += labels[column];
      add_json_string(text, table.rows.cell(row, column));
    }
    text += end;
  }
}

std::string json(const TextTable& table) {
  auto text = fmt::format(
      "{{\n  \"apiVersion\": \"kube-ipvs.io/v1\",\n  \"kind\": \"{}List\",\n  \"items\": [",
      table.kind);
  add_rows(text, table, labels(table, "\n    {\"", ", \"", "\": "), "},");
  if (!table.rows.empty()) text.back() = '\n';
  return text += table.rows.empty() ? "]\n}\n" : "  ]\n}\n";
}

// A JSON string is a YAML scalar.
std::string yaml(const TextTable& table) {
  auto text = fmt::format("apiVersion: kube-ipvs.io/v1\nkind: {}List\nitems:{}\n", table.kind,
                          table.rows.empty() ? " []" : "");
  add_rows(text, table, labels(table, "- ", "\n  ", ": "), "\n");
  return text;
}

}  // namespace

void TableRows::add(Cells cells) {
  width_ = cells.size();
  for (const auto cell : cells) {
    text_ += cell;
    ends_.push_back(text_.size());
  }
}

std::string_view TableRows::cell(std::size_t row, std::size_t column) const {
  const auto place = row * width_ + column;
  const auto begin = place == 0 ? 0 : ends_[place - 1];
  return std::string_view(text_).substr(begin, ends_[place] - begin);
}

TableOutput table_output(std::string_view word) {
  if (word == "wide") return TableOutput::kWide;
  if (word == "json") return TableOutput::kJson;
  return word == "yaml" ? TableOutput::kYaml : TableOutput::kText;
}

std::string to_text(const TextTable& table, TableOutput output, bool headers) {
  if (output == TableOutput::kJson) return json(table);
  if (output == TableOutput::kYaml) return yaml(table);
  return plain(table, output == TableOutput::kWide, headers);
}

}  // namespace reconcile
