// Prometheus' text exposition format, version 0.0.4. Pure: any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconcile/histogram.h"

namespace reconcile {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

class MetricsText {
 public:
  // Begins a family; its samples follow. `type`: counter, gauge, histogram.
  void family(std::string_view name, std::string_view type, std::string_view help);
  // One sample of the family; values are escaped.
  void sample(const Labels& labels, double value);
  void sample(double value) { sample({}, value); }
  // The buckets, the sum and the count.
  void histogram(const Labels& labels, const Histogram& histogram);

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  void line(std::string_view suffix, const Labels& labels, double value);

  std::string family_;
  std::string text_;
};

}  // namespace reconcile
