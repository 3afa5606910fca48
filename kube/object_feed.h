// The bytes of lists and watches of one kind → the calls of its Listener. Everything a reflector
// knows that is not a socket or a clock.
//
// Owns these invariants: a list reaches the listener only when all of its pages are complete; the
// version only moves along the server's history. Feed is what the coroutines of reflector.cc see,
// without the kind of object. Pure; the listener's thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "kube/json_framer.h"
#include "kube/list_page.h"
#include "kube/listener.h"
#include "kube/watch_event.h"

namespace kube {

// What became of some bytes of a watch.
struct WatchProgress {
  enum class State {
    kGood,     // go on
    kError,    // the server ended it with `status`
    kGarbage,  // the bytes are no watch: what follows cannot be trusted
    kRewound,  // the server's history has gone back (a restored etcd): only a new list helps
  };

  State state = State::kGood;
  std::size_t events = 0;  // bookmarks included
  Status status;
};

class Feed {
 public:
  virtual ~Feed() = default;

  // A list: begin_list(), then for each page list_bytes()… and end_page(), then deliver_list().
  virtual void begin_list() = 0;
  [[nodiscard]] virtual tl::expected<void, DecodeError> list_bytes(std::string_view bytes) = 0;
  // The continue token; empty: this was the last page.
  [[nodiscard]] virtual tl::expected<std::string, DecodeError> end_page() = 0;
  // Tells the listener. Objects that were skipped are named before `replaced`: they are not absent.
  virtual void deliver_list() = 0;

  // A watch from version(): begin_watch(), then watch_bytes()…
  virtual void begin_watch() = 0;
  [[nodiscard]] virtual WatchProgress watch_bytes(std::string_view bytes) = 0;

  virtual void troubled(const Trouble& trouble) = 0;

  // How far we have come; empty: only a list helps.
  [[nodiscard]] virtual const std::string& version() const = 0;
  virtual void forget_version() = 0;
};

// T is Service, EndpointSlice or Node.
template <class T>
class ObjectFeed final : public Feed {
 public:
  // The listener must outlive the feed.
  explicit ObjectFeed(Listener<T>& listener) : listener_(listener) {}

  void begin_list() override;
  tl::expected<void, DecodeError> list_bytes(std::string_view bytes) override;
  tl::expected<std::string, DecodeError> end_page() override;
  void deliver_list() override;
  void begin_watch() override;
  WatchProgress watch_bytes(std::string_view bytes) override;
  void troubled(const Trouble& trouble) override { listener_.troubled(trouble); }
  const std::string& version() const override { return version_; }
  void forget_version() override { version_.clear(); }

 private:
  void tell(const Frame& frame, WatchProgress& progress);
  void skip(const DecodeError& error);
  // False: `version` lies before what we have seen.
  [[nodiscard]] bool advance(const std::string& version);

  Listener<T>& listener_;
  std::string version_;
  ListPageReader<T> page_;
  ListPage<T> list_;  // the pages so far; its version is the first page's
  JsonFramer watch_;
};

}  // namespace kube
