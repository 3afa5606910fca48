// A watch's body: wherever it is cut, the listener hears the same history, and the watch ends the
// same way. The second byte of an input chooses the kind of object, and whether initial events come
// first.
#include <string>
#include <tuple>

#include "kube/object_feed.h"
#include "tests/fuzz/cut.h"
#include "tests/kube/journal.h"

namespace {

using State = kube::WatchProgress::State;

template <class T>
State watch(kube::ObjectFeed<T>& feed, std::string_view piece) {
  State state = feed.watch_bytes(piece).state;
  while (state == State::kListed) {
    feed.deliver_list(kube::Brake::kOff);
    state = feed.watch_rest().state;
  }
  return state;
}

template <class T>
void read_watch(const fuzz::Cut& cut, bool initial) {
  fuzz::same_however_cut(cut, [&](const fuzz::Pieces& pieces) {
    kube::Journal<T> journal;
    kube::ObjectFeed<T> feed(journal);
    if (initial) {
      feed.begin_initial_events();
    } else {
      feed.begin_watch();
    }
    State state = State::kGood;
    for (const auto piece : pieces) {
      if (state == State::kGood) state = watch(feed, piece);
    }
    return std::tuple(state, journal.story(), journal.last_changed, journal.last_list,
                      feed.version(), feed.landmark(), feed.skipped());
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const fuzz::Cut cut(data + 1, size - 1);
  const bool initial = data[0] % 2 != 0;
  switch (data[0] / 2 % 3) {
    case 0:
      read_watch<kube::Service>(cut, initial);
      break;
    case 1:
      read_watch<kube::EndpointSlice>(cut, initial);
      break;
    default:
      read_watch<kube::Node>(cut, initial);
      break;
  }
  return 0;
}
