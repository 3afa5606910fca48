// A table as kubectl prints one: no borders, columns padded to their widest cell; or its rows as
// JSON or YAML. Pure: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reconcile {

enum class TableOutput : std::uint8_t { kText, kWide, kJson, kYaml };

// "wide", "json", "yaml"; anything else is kText.
[[nodiscard]] TableOutput table_output(std::string_view word);

struct TextTable {
  std::string kind;                  // of a row in JSON: "Drain"
  std::vector<std::string> columns;  // "LOCAL ADDRESS"; in JSON "localAddress"
  std::size_t wide = 0;              // how many of the columns, the last ones, only wide text has
  std::vector<std::vector<std::string>> rows;  // each of columns.size() cells; empty prints <none>
};

// Ends with a line end. Without rows the text is the heading alone.
[[nodiscard]] std::string to_text(const TextTable& table, TableOutput output, bool headers = true);

}  // namespace reconcile
