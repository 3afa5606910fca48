// The bytes of lists and watches of one kind → the calls of its Listener. Everything a reflector
// knows that is not a socket or a clock.
//
// Owns these invariants: a list reaches the listener only when it is complete, and only when it
// takes away no more than can be believed (census.h); the version only moves along the server's
// history. Feed is what the coroutines of list_watch.cc see, without the kind of object. Pure; the
// listener's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "kube/census.h"
#include "kube/json_framer.h"
#include "kube/list_page.h"
#include "kube/listener.h"
#include "kube/watch_event.h"

namespace kube {

// What became of some bytes of a watch.
struct WatchProgress {
  enum class State {
    kGood,     // go on
    kListed,   // the initial events are complete: deliver_list(), then watch_rest()
    kError,    // the server ended it with `status`
    kGarbage,  // the bytes are no watch: what follows cannot be trusted
    kRewound,  // the server's history has gone back (a restored etcd): only a new list helps
  };

  State state = State::kGood;
  std::size_t events = 0;  // bookmarks included
  Status status;
};

// The newest change that we know of. A server that knows it too has the history that we followed.
struct Landmark {
  NamespacedName id;
  std::string resource_version;
  bool deleted = false;

  friend bool operator==(const Landmark&, const Landmark&) = default;
};

// What a look at the landmark has shown.
enum class History : std::uint8_t {
  kSame,
  kDoubtful,  // the landmark has changed since, or was never there: only a new list is sure
  kRewound,   // the server is behind us
};

class Feed {
 public:
  virtual ~Feed() = default;

  // A list in pages: begin_list(), then for each page list_bytes()… and end_page().
  virtual void begin_list() = 0;
  [[nodiscard]] virtual tl::expected<void, DecodeError> list_bytes(std::string_view bytes) = 0;
  // The continue token; empty: this was the last page.
  [[nodiscard]] virtual tl::expected<std::string, DecodeError> end_page() = 0;
  // A list as a watch: begin_initial_events(), then watch_bytes()… until it says kListed.
  virtual void begin_initial_events() = 0;
  // Tells the listener. Objects that were skipped are named before `replaced`: they are not absent.
  // Or tells nothing, drops the list and says what it would take away, when that is too much for
  // one list to be believed and the list before it does not agree.
  [[nodiscard]] virtual std::optional<Loss> deliver_list(Brake brake) = 0;

  // A watch from version(): begin_watch(), then watch_bytes()…
  virtual void begin_watch() = 0;
  [[nodiscard]] virtual WatchProgress watch_bytes(std::string_view bytes) = 0;
  // After kListed: what came in the same bytes behind the list. They must still live.
  [[nodiscard]] virtual WatchProgress watch_rest() = 0;

  // A look at the landmark: begin_list(), list_bytes()… of a list that could hold it, then this.
  [[nodiscard]] virtual tl::expected<History, DecodeError> end_look() = 0;
  // None: nothing has been told yet, or the last list was empty and nothing has happened since.
  [[nodiscard]] virtual const std::optional<Landmark>& landmark() const = 0;

  virtual void troubled(const Trouble& trouble) = 0;

  // How far we have come; empty: only a list helps.
  [[nodiscard]] virtual const std::string& version() const = 0;
  virtual void forget_version() = 0;
  // How many objects and events could not be believed so far.
  [[nodiscard]] virtual std::uint64_t skipped() const = 0;
};

// T is one of objects.h.
template <class T>
class ObjectFeed final : public Feed {
 public:
  // The listener must outlive the feed.
  explicit ObjectFeed(Listener<T>& listener) : listener_(listener) {}

  void begin_list() override;
  tl::expected<void, DecodeError> list_bytes(std::string_view bytes) override;
  tl::expected<std::string, DecodeError> end_page() override;
  void begin_initial_events() override;
  std::optional<Loss> deliver_list(Brake brake) override;
  void begin_watch() override;
  WatchProgress watch_bytes(std::string_view bytes) override;
  WatchProgress watch_rest() override;
  tl::expected<History, DecodeError> end_look() override;
  const std::optional<Landmark>& landmark() const override { return landmark_; }
  void troubled(const Trouble& trouble) override { listener_.troubled(trouble); }
  const std::string& version() const override { return version_; }
  void forget_version() override { version_.clear(); }
  std::uint64_t skipped() const override { return skipped_; }

 private:
  void tell(const Frame& frame, WatchProgress& progress);
  void collect(const Frame& frame, WatchProgress& progress);
  void skip(const DecodeError& error);
  // False: `version` lies before what we have seen.
  [[nodiscard]] bool advance(const std::string& version);
  void know(const T& object);
  [[nodiscard]] Census census_of_list() const;

  Listener<T>& listener_;
  std::string version_;
  ListPageReader<T> page_;
  ListPage<T> list_;  // what of it has come so far; its version is the first page's
  JsonFramer watch_;
  WatchEventDecoder<T> events_;
  bool collecting_ = false;  // the watch is telling its initial events
  Census known_;
  std::optional<Census> held_;  // of the list that had to wait
  std::optional<Landmark> landmark_;
  std::uint64_t skipped_ = 0;
};

}  // namespace kube
