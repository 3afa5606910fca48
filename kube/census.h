// How many objects of a kind are known, and how many endpoints they hold: what the brake weighs.
//
// The brake: a list that would take away more than half of the known objects or endpoints, and more
// than a few (20) of them, is believed only when a second list agrees. A server restored from an
// old backup, a lagging or filtered answer look like that; so does a mass deletion, which then
// comes seconds later. Names are kept as 64-bit hashes: two that collide make the scales a little
// less exact, nothing else. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "kube/objects.h"

namespace kube {

struct Loss {
  std::size_t objects = 0;
  std::size_t known_objects = 0;
  std::size_t endpoints = 0;
  std::size_t known_endpoints = 0;

  // More than half, and more than `few`, of the objects or of the endpoints.
  [[nodiscard]] bool is_large(std::size_t few) const;
  friend bool operator==(const Loss&, const Loss&) = default;
};

// "60 of 100 objects and 0 of 0 endpoints"
[[nodiscard]] std::string to_string(const Loss& loss);

struct Brake {
  std::size_t few = 20;  // that may go at once, whatever part of all they are
  bool on = true;

  static const Brake kOn;
  static const Brake kOff;
};

inline constexpr Brake Brake::kOn{};
inline constexpr Brake Brake::kOff{.on = false};

class Census {
 public:
  void put(const NamespacedName& id, std::size_t endpoints);
  void remove(const NamespacedName& id);
  // Takes over what `known` knows of an object; nothing if it knows nothing.
  void keep(const NamespacedName& id, const Census& known);

  // What is lost when `next` takes the place of this.
  [[nodiscard]] Loss lost_in(const Census& next) const;
  // Whether `second` loses nothing that `first` has not lost already.
  [[nodiscard]] bool agree_on_loss(const Census& first, const Census& second) const;

 private:
  [[nodiscard]] std::size_t kept(std::uint64_t key, std::size_t weight) const;

  // Of the name, to one more than the number of endpoints.
  std::unordered_map<std::uint64_t, std::uint32_t> weights_;
};

}  // namespace kube
