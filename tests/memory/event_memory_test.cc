// A watch event costs no allocation that the object it tells of does not keep.
#include <gtest/gtest.h>

#include <string>

#include "kube/object_feed.h"
#include "tests/bench/list_text.h"
#include "tests/memory/heap.h"
#include "tests/memory/kept.h"

namespace kube {
namespace {

using State = WatchProgress::State;

// Keeps the last object, and how many allocations had been made when it came.
template <class T>
class Last final : public Listener<T> {
 public:
  void replaced(ObjectList<T>) override {}
  void changed(T changed) override {
    allocations = heap::use().allocations;
    object = std::move(changed);
  }
  void deleted(const NamespacedName&) override { allocations = heap::use().allocations; }
  void skipped(const NamespacedName&, std::string_view) override {}
  void troubled(const Trouble&) override {}
  void settled() override {}

  T object;
  std::size_t allocations = 0;
};

template <class T>
class Watch {
 public:
  Watch() { feed_.begin_watch(); }

  // What the event has allocated before the listener heard of it. It comes in two pieces.
  std::size_t allocations_of(const std::string& event, std::size_t cut) {
    const std::string_view text = event;
    const std::size_t before = heap::use().allocations;
    EXPECT_EQ(feed_.watch_bytes(text.substr(0, cut)).state, State::kGood);
    EXPECT_EQ(feed_.watch_bytes(text.substr(cut)).state, State::kGood);
    return last_.allocations - before;
  }

  [[nodiscard]] std::size_t kept() const { return kept_allocations(last_.object); }

 private:
  Last<T> last_;
  ObjectFeed<T> feed_{last_};
};

// The first event makes the room that the later ones use.
template <class T>
void expect_no_more_than_kept(const std::string& first, const std::string& second) {
  for (const std::size_t cut : {std::size_t{0}, second.size() / 2}) {
    Watch<T> watch;
    watch.allocations_of(first, cut);
    EXPECT_EQ(watch.allocations_of(second, cut), watch.kept()) << "cut at " << cut;
    EXPECT_GT(watch.kept(), 2U);
  }
}

TEST(EventMemory, OfAServiceIsWhatIsKept) {
  expect_no_more_than_kept<Service>(bench::event_text<Service>("MODIFIED", 7, 5'000'000),
                                    bench::event_text<Service>("MODIFIED", 7, 5'000'001));
}

TEST(EventMemory, OfASliceIsWhatIsKept) {
  expect_no_more_than_kept<EndpointSlice>(
      bench::event_text<EndpointSlice>("MODIFIED", 7, 5'000'000),
      bench::event_text<EndpointSlice>("MODIFIED", 7, 5'000'001));
}

std::string slice_with_hints(int version) {
  std::string endpoints;
  for (int index = 1; index <= 100; ++index) {
    endpoints +=
        (index == 1 ? "" : ",") +
        (R"({"addresses":["fd00:10:244:1:2:3:4:)" + std::to_string(index) + R"("],"nodeName":)") +
        R"("a-node-with-a-long-name.example.com",)"
        R"("hints":{"forZones":[{"name":"zone-a"}],"forNodes":[{"name":"node-1"}]}})";
  }
  return R"({"type":"MODIFIED","object":{"kind":"EndpointSlice","metadata":{"name":"slice-of-web",)"
         R"("namespace":"shop","uid":"b5d0df50-47cb-4fc8-8c58-f524443e0aae","resourceVersion":")" +
         std::to_string(version) +
         R"("},"addressType":"IPv6","ports":[{"name":"http","port":80}],"endpoints":[)" +
         endpoints + "]}}\n";
}

TEST(EventMemory, OfHintsAndLongAddressesIsWhatIsKept) {
  expect_no_more_than_kept<EndpointSlice>(slice_with_hints(1), slice_with_hints(2));
}

TEST(EventMemory, OfADeletionIsItsNames) {
  Watch<Service> watch;
  const auto deletion = [](int version) {
    return R"({"type":"DELETED","object":{"kind":"Service","metadata":{"name":"web","namespace":)"
           R"("shop","uid":"b5d0df50-47cb-4fc8-8c58-f524443e0aae","resourceVersion":")" +
           std::to_string(version) + "\"}}}\n";
  };
  watch.allocations_of(deletion(1), 0);
  EXPECT_EQ(watch.allocations_of(deletion(2), 0), 1U) << "the uid alone is long";
}

}  // namespace
}  // namespace kube
