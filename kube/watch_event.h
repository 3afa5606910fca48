// One line of a watch: {"type": …, "object": …}.
//
// Decoded in one pass, since the API server writes the type first; the other order costs a second
// pass. A DELETED object needs no more than its name: whatever else is wrong with it, it is gone.
// Truth: meta/v1 WatchEvent; API concepts, "Watch bookmarks". Pure; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>

#include "kube/decode.h"

namespace kube {

// ADDED or MODIFIED.
template <class T>
struct Changed {
  T object;
  std::string left_out;  // as Decoded<T>::left_out
};

struct Deleted {
  Metadata metadata;
};

// The stream has come as far as this resource version.
struct Bookmark {
  std::string resource_version;
  bool initial_events_end = false;
};

struct UnknownEvent {
  std::string type;
};

// The object could not be believed.
struct SpoiledEvent {
  DecodeError error;
  std::string resource_version;  // as far as it was known; may be empty
};

// Status: an ERROR event.
template <class T>
using WatchEvent = std::variant<Changed<T>, Deleted, Bookmark, Status, UnknownEvent, SpoiledEvent>;

template <class T>
struct EventDraft;

// Decodes one event after the other, in the same room (decode.h, Decoder).
template <class T>
class WatchEventDecoder {
 public:
  WatchEventDecoder();
  ~WatchEventDecoder();

  [[nodiscard]] WatchEvent<T> decode(std::string_view json);

 private:
  std::unique_ptr<EventDraft<T>> draft_;
};

// One event alone.
template <class T>
[[nodiscard]] WatchEvent<T> decode_watch_event(std::string_view json) {
  return WatchEventDecoder<T>().decode(json);
}

}  // namespace kube
