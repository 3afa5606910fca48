#include "reconcile/metrics_text.h"

#include <fmt/core.h>

#include <iterator>

namespace reconcile {
namespace {

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  family_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::sample(const Labels& labels, double value) { line("", labels, value); }

void MetricsText::histogram(const Labels& labels, const Histogram& histogram) {
  auto with_bound = labels;
  with_bound.emplace_back("le", "");
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
    so_far += histogram.counts()[i];
    with_bound.back().second = fmt::format("{}", histogram.bounds()[i]);
    line("_bucket", with_bound, static_cast<double>(so_far));
  }
  with_bound.back().second = "+Inf";
  line("_bucket", with_bound, static_cast<double>(histogram.count()));
  line("_sum", labels, histogram.sum());
  line("_count", labels, static_cast<double>(histogram.count()));
}

void MetricsText::line(std::string_view suffix, const Labels& labels, double value) {
  const auto out = std::back_inserter(text_);
  fmt::format_to(out, "{}{}", family_, suffix);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    fmt::format_to(out, "{}{}=\"{}\"", i == 0 ? "{" : ",", labels[i].first,
                   escaped(labels[i].second));
  }
  fmt::format_to(out, "{} {}\n", labels.empty() ? "" : "}", value);
}

}  // namespace reconcile
