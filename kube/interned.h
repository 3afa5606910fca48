// A value of which equal copies are kept once: node names and topology hints, of which a cluster
// of 100,000 endpoints has a few thousand different ones.
//
// Eight bytes each. The default value costs nothing, copies count, and the last copy takes the
// value with it. Any thread: the pool has its own lock, and what is shared never changes.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kube {

struct InternedHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
  std::size_t operator()(const std::vector<std::string>& texts) const {
    std::size_t hash = texts.size();
    for (const std::string& text : texts) hash = hash * 31 + operator()(text);
    return hash;
  }
};

// T is std::string or std::vector<std::string>; its default is what an empty Interned holds.
template <class T>
class Interned {
 public:
  using value_type = typename T::value_type;
  using const_iterator = typename T::const_iterator;

  Interned() = default;
  Interned(const T& value) : entry_(find_or_add(value)) {}  // NOLINT: stands in for a T
  // Allocates only what nobody has named before.
  explicit Interned(std::string_view text) requires(std::same_as<T, std::string>)
      : entry_(find_or_add(text)) {}
  template <class Text>
  requires(std::same_as<T, std::string>&& std::convertible_to<Text, const char*>)
      Interned(Text text)
      : Interned(std::string_view(text)) {}  // NOLINT: as above
  Interned(std::initializer_list<std::string> texts) requires(
      std::same_as<T, std::vector<std::string>>)
      : Interned(T(texts)) {}

  Interned(const Interned& other) : entry_(other.entry_) {
    if (entry_ != nullptr) entry_->second.fetch_add(1, std::memory_order_relaxed);
  }
  Interned(Interned&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  Interned& operator=(Interned other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~Interned() {
    if (entry_ != nullptr) release(*entry_);
  }

  [[nodiscard]] const T& value() const {
    return entry_ == nullptr ? default_value() : entry_->first;
  }
  operator const T&() const { return value(); }  // NOLINT: stands in for a T

  [[nodiscard]] bool empty() const { return entry_ == nullptr; }
  [[nodiscard]] std::size_t size() const { return value().size(); }
  [[nodiscard]] const_iterator begin() const { return value().begin(); }
  [[nodiscard]] const_iterator end() const { return value().end(); }

  friend bool operator==(const Interned& left, const Interned& right) {
    return left.entry_ == right.entry_;
  }
  friend bool operator==(const Interned& left, const T& right) { return left.value() == right; }

 private:
  using Pool = std::unordered_map<T, std::atomic<std::size_t>, InternedHash, std::equal_to<>>;
  using Entry = typename Pool::value_type;

  // Never destroyed: values may be, later.
  struct Shared {
    std::mutex mutex;
    Pool pool;
  };
  static Shared& shared() {
    static auto* const all = new Shared;
    return *all;
  }
  static const T& default_value() {
    static const auto* const value = new T;
    return *value;
  }

  // `value` is a T, or what stands for one.
  template <class Value>
  static Entry* find_or_add(const Value& value) {
    if (value.empty()) return nullptr;
    const std::lock_guard lock(shared().mutex);
    Pool& pool = shared().pool;
    auto found = pool.find(value);
    if (found == pool.end()) found = pool.try_emplace(T(value), 0).first;
    Entry& entry = *found;
    entry.second.fetch_add(1, std::memory_order_relaxed);
    return &entry;
  }

  // A count falls to zero under the lock only, so that nobody finds a value that is on its way out.
  static void release(Entry& entry) {
    std::size_t count = entry.second.load(std::memory_order_relaxed);
    while (count > 1) {
      if (entry.second.compare_exchange_weak(count, count - 1, std::memory_order_acq_rel)) return;
    }
    const std::lock_guard lock(shared().mutex);
    if (entry.second.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      shared().pool.erase(shared().pool.find(entry.first));
    }
  }

  Entry* entry_ = nullptr;
};

}  // namespace kube
