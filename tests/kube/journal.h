// A Listener that writes down what it is told, one line each: "replaced shop/a shop/b", "changed
// shop/a", "deleted shop/a", "skipped shop/a: why", "troubled what: why", "settled".
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "kube/listener.h"

namespace kube {

template <class T>
class Journal final : public Listener<T> {
 public:
  void replaced(ObjectList<T> objects) override {
    std::string line = "replaced";
    for (const T& object : objects) line += " " + to_string(object.metadata.id);
    lines.push_back(line);
    last_list = std::move(objects);
  }
  void changed(T object) override {
    lines.push_back("changed " + to_string(object.metadata.id));
    last_changed = std::move(object);
  }
  void deleted(const NamespacedName& id) override { lines.push_back("deleted " + to_string(id)); }
  void skipped(const NamespacedName& id, std::string_view reason) override {
    lines.push_back("skipped " + to_string(id) + ": " + std::string(reason));
  }
  void troubled(const Trouble& trouble) override {
    lines.push_back("troubled " + trouble.what + ": " + trouble.why);
    troubles.push_back(trouble);
  }
  void settled() override {
    lines.emplace_back("settled");
    ++settlements;
  }

  [[nodiscard]] std::ptrdiff_t count(std::string_view beginning) const {
    return std::count_if(lines.begin(), lines.end(),
                         [&](const std::string& line) { return line.starts_with(beginning); });
  }
  // All lines but "settled", whose number depends on how the stream was cut.
  [[nodiscard]] std::vector<std::string> story() const {
    std::vector<std::string> story;
    for (const std::string& line : lines) {
      if (line != "settled") story.push_back(line);
    }
    return story;
  }

  std::vector<std::string> lines;
  ObjectList<T> last_list;
  T last_changed;
  std::vector<Trouble> troubles;
  int settlements = 0;
};

}  // namespace kube
