#include "reconcile/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>

#include "reconcile/json_text.h"

namespace reconcile {
namespace {

constexpr std::string_view kGap = "   ";

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

std::string padded(const std::vector<std::vector<std::string>>& lines, std::size_t columns) {
  std::vector<std::size_t> widths(columns);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < columns; ++i) {
      text += i + 1 == columns ? line[i] : fmt::format("{:<{}}{}", line[i], widths[i], kGap);
    }
    text += '\n';
  }
  return text;
}

std::string plain(const TextTable& table, bool wide, bool headers) {
  std::vector<std::vector<std::string>> lines;
  if (headers) lines.push_back(table.columns);
  for (auto row : table.rows) {
    std::ranges::replace(row, std::string(), std::string("<none>"));
    lines.push_back(std::move(row));
  }
  return padded(lines, table.columns.size() - (wide ? 0 : table.wide));
}

std::string json(const TextTable& table) {
  std::string items;
  for (const auto& row : table.rows) {
    std::string cells;
    for (std::size_t i = 0; i < row.size(); ++i) {
      fmt::format_to(std::back_inserter(cells), "{}\"{}\": {}", i == 0 ? "" : ", ",
                     json_name(table.columns[i]), json_string(row[i]));
    }
    fmt::format_to(std::back_inserter(items), "{}\n    {{{}}}", items.empty() ? "" : ",", cells);
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
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      fmt::format_to(std::back_inserter(text), "{} {}: {}\n", i == 0 ? "-" : " ",
                     json_name(table.columns[i]), json_string(row[i]));
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
