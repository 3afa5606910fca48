#include "reconcile/text_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <iterator>

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

using Row = std::vector<std::string>;

std::string_view shown(const std::string& cell) {
  return cell.empty() ? std::string_view("<none>") : cell;
}

void widen(std::vector<std::size_t>& widths, const Row& row) {
  for (std::size_t i = 0; i < widths.size(); ++i) {
    widths[i] = std::max(widths[i], shown(row[i]).size());
  }
}

void add_line(std::string& text, const std::vector<std::size_t>& widths, const Row& row) {
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const auto cell = shown(row[i]);
    text += cell;
    if (i + 1 < widths.size()) text.append(widths[i] - cell.size() + kGap, ' ');
  }
  text += '\n';
}

std::string plain(const TextTable& table, bool wide, bool headers) {
  std::vector<std::size_t> widths(table.columns.size() - (wide ? 0 : table.wide));
  if (headers) widen(widths, table.columns);
  for (const auto& row : table.rows) widen(widths, row);
  std::string text;
  if (headers) add_line(text, widths, table.columns);
  for (const auto& row : table.rows) add_line(text, widths, row);
  return text;
}

std::vector<std::string> json_names(const TextTable& table) {
  std::vector<std::string> names;
  for (const auto& column : table.columns) names.push_back(json_name(column));
  return names;
}

std::string json(const TextTable& table) {
  const auto names = json_names(table);
  std::string items;
  for (const auto& row : table.rows) {
    items += items.empty() ? "\n    {" : ",\n    {";
    for (std::size_t i = 0; i < row.size(); ++i) {
      items += i == 0 ? "\"" : ", \"";
      items += names[i];
      items += "\": ";
      items += json_string(row[i]);
    }
    items += '}';
  }
  return fmt::format(
      "{{\n  \"apiVersion\": \"kube-ipvs.io/v1\",\n  \"kind\": \"{}List\",\n  \"items\": "
      "[{}{}]\n}}\n",
      table.kind, items, items.empty() ? "" : "\n  ");
}

// A JSON string is a YAML scalar.
std::string yaml(const TextTable& table) {
  std::string text = fmt::format("apiVersion: kube-ipvs.io/v1\nkind: {}List\nitems:{}\n",
                                 table.kind, table.rows.empty() ? " []" : "");
  const auto names = json_names(table);
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      fmt::format_to(std::back_inserter(text), "{} {}: {}\n", i == 0 ? "-" : " ", names[i],
                     json_string(row[i]));
    }
  }
  return text;
}

}  // namespace

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
