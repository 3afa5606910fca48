#include "kube/census.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

namespace kube {
namespace {

bool is_large(std::size_t lost, std::size_t known, std::size_t few) {
  return lost > few && lost > known / 2;
}

std::uint64_t key_of(const NamespacedName& id) {
  const std::hash<std::string> hash;
  // FNV's prime keeps "a/b" and "b/a" apart.
  return hash(id.namespace_name) * 0x100000001b3U + hash(id.name);
}

}  // namespace

bool Loss::is_large(std::size_t few) const {
  return kube::is_large(objects, known_objects, few) ||
         kube::is_large(endpoints, known_endpoints, few);
}

std::string to_string(const Loss& loss) {
  return fmt::format("{} of {} objects and {} of {} endpoints", loss.objects, loss.known_objects,
                     loss.endpoints, loss.known_endpoints);
}

void Census::put(const NamespacedName& id, std::size_t endpoints) {
  weights_[key_of(id)] = static_cast<std::uint32_t>(endpoints + 1);
}

void Census::remove(const NamespacedName& id) { weights_.erase(key_of(id)); }

void Census::keep(const NamespacedName& id, const Census& known) {
  const auto found = known.weights_.find(key_of(id));
  if (found != known.weights_.end()) weights_.insert(*found);
}

Loss Census::lost_in(const Census& next) const {
  Loss loss{.known_objects = weights_.size()};
  for (const auto& [key, weight] : weights_) {
    const std::size_t kept = next.kept(key, weight);
    loss.objects += kept == 0 ? 1 : 0;
    loss.known_endpoints += weight - 1;
    loss.endpoints += kept == 0 ? weight - 1 : weight - kept;
  }
  return loss;
}

bool Census::agree_on_loss(const Census& first, const Census& second) const {
  return std::all_of(weights_.begin(), weights_.end(), [&](const auto& known) {
    return second.kept(known.first, known.second) >= first.kept(known.first, known.second);
  });
}

// Of an object's weight elsewhere, how much is here; 0: the object is not.
std::size_t Census::kept(std::uint64_t key, std::size_t weight) const {
  const auto found = weights_.find(key);
  return found == weights_.end() ? 0 : std::min<std::size_t>(found->second, weight);
}

}  // namespace kube
