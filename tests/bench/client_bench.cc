// What the API server's answers cost: to read, to hold while they are read, and to keep.
//
//   client.decode_vs_sax       lists of 10,000 Services and 10,000 EndpointSlices into objects,
//   against
//                              RapidJSON with a handler that does nothing, over the same bytes.
//                              Rounds take turns and the best of each side counts, in the thread's
//                              own time.
//   client.overhead            the most that is held while a list is read and handed over, beyond
//   what
//                              is kept of it: a list, and initial events, at two sizes; the largest
//   client.bytes_per_endpoint  slices in the agent's own containers, names and indices included
//   client.event_allocations   of an event, up to the listener, beyond what its object keeps
#include <fmt/core.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>

#include "kube/object_feed.h"
#include "reconcile/cluster_state.h"
#include "tests/bench/list_text.h"
#include "tests/bench/print_figure.h"
#include "tests/memory/heap.h"
#include "tests/memory/kept.h"

namespace {

constexpr std::uint32_t kCount = 10'000;
constexpr std::uint32_t kEndpointsOfEach = 10;
constexpr int kRounds = 7;
constexpr double kMebibyte = 1 << 20;

[[noreturn]] void fail(const char* why) {
  fmt::print(stderr, "client_bench: {}\n", why);
  std::exit(1);
}

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Keeps what it is told the way the agent does.
template <class T>
class Keeper final : public kube::Listener<T> {
 public:
  void replaced(kube::ObjectList<T> objects) override {
    state.replace(std::move(objects), {}, [](const reconcile::ServiceNames&) {});
  }
  void changed(T changed) override {
    allocations = heap::use().allocations;
    kept = kube::kept_allocations(changed);
    std::ignore = state.put(std::move(changed));
  }
  void deleted(const kube::NamespacedName&) override {}
  void skipped(const kube::NamespacedName&, std::string_view) override { fail("skipped"); }
  void troubled(const kube::Trouble&) override {}
  void settled() override {}

  reconcile::ClusterState state;
  std::size_t allocations = 0;  // at the last event
  std::size_t kept = 0;         // of its object
};

// Gives `text` the way it comes from a connection.
template <class Take>
void in_pieces(std::string_view text, Take take) {
  constexpr std::size_t kPiece = std::size_t{16} << 10;
  for (; !text.empty(); text.remove_prefix(std::min(kPiece, text.size()))) {
    take(text.substr(0, kPiece));
  }
}

template <class T>
void read_list(kube::ObjectFeed<T>& feed, std::string_view text) {
  feed.begin_list();
  in_pieces(text, [&](std::string_view piece) {
    if (!feed.list_bytes(piece)) fail("the list was refused");
  });
  if (!feed.end_page()) fail("the page was refused");
}

template <class T>
void read_initial_events(kube::ObjectFeed<T>& feed, std::string_view text) {
  feed.begin_initial_events();
  auto state = kube::WatchProgress::State::kGood;
  in_pieces(text, [&](std::string_view piece) { state = feed.watch_bytes(piece).state; });
  if (state != kube::WatchProgress::State::kListed) fail("the initial events did not end");
}

// --- speed -----------------------------------------------------------------------------------

struct Nothing : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Nothing> {};

double sax_seconds(const std::string& text) {
  const double start = thread_seconds();
  rapidjson::Reader reader;
  rapidjson::StringStream stream(text.c_str());
  Nothing handler;
  if (reader.Parse(stream, handler).IsError()) fail("RapidJSON refuses the list");
  return thread_seconds() - start;
}

template <class T>
double decode_seconds(const std::string& text) {
  Keeper<T> keeper;
  kube::ObjectFeed<T> feed(keeper);
  const double start = thread_seconds();
  read_list(feed, text);
  return thread_seconds() - start;
}

struct Best {
  double sax = 1e9;
  double decode = 1e9;
};

template <class T>
Best best_of_rounds() {
  const std::string text = bench::list_text<T>(kCount);
  Best best;
  for (int round = 0; round < kRounds; ++round) {
    best.sax = std::min(best.sax, sax_seconds(text));
    best.decode = std::min(best.decode, decode_seconds<T>(text));
  }
  return best;
}

void measure_speed() {
  const Best services = best_of_rounds<kube::Service>();
  const Best slices = best_of_rounds<kube::EndpointSlice>();
  const double decode = services.decode + slices.decode;
  bench::print_figure("client.decode_vs_sax", (services.sax + slices.sax) / decode, "times",
                      bench::Reach::kAtLeast, 0.6,
                      fmt::format("{:.0f} ms for Services, {:.0f} ms for EndpointSlices",
                                  services.decode * 1e3, slices.decode * 1e3));
}

// --- memory ----------------------------------------------------------------------------------

struct Memory {
  std::size_t kept = 0;
  std::size_t overhead = 0;
};

template <class T, class Read>
Memory memory_of(const std::string& text, Read read) {
  const std::size_t before = heap::use().live;
  heap::forget_peak();
  Keeper<T> keeper;
  kube::ObjectFeed<T> feed(keeper);
  read(feed, text);
  if (feed.deliver_list(kube::Brake::kOn)) fail("the first list was held");
  const std::size_t kept = heap::use().live - before;
  return {.kept = kept, .overhead = heap::use().peak - before - kept};
}

template <class T>
std::size_t overhead_of(std::uint32_t count) {
  const auto list = memory_of<T>(bench::list_text<T>(count), read_list<T>);
  const auto events = memory_of<T>(bench::initial_events_text<T>(count), read_initial_events<T>);
  return std::max(list.overhead, events.overhead);
}

void measure_overhead() {
  std::string note;
  std::size_t worst = 0;
  for (const std::uint32_t count : {kCount, 4 * kCount}) {
    const auto overhead =
        std::max(overhead_of<kube::Service>(count), overhead_of<kube::EndpointSlice>(count));
    note += fmt::format("{}{:.2f} MiB at {}", note.empty() ? "" : ", ",
                        static_cast<double>(overhead) / kMebibyte, count);
    worst = std::max(worst, overhead);
  }
  bench::print_figure("client.overhead", static_cast<double>(worst) / kMebibyte, "MiB",
                      bench::Reach::kAtMost, 2, note);
}

void measure_kept() {
  const auto slices = memory_of<kube::EndpointSlice>(bench::list_text<kube::EndpointSlice>(kCount),
                                                     read_list<kube::EndpointSlice>);
  const auto services =
      memory_of<kube::Service>(bench::list_text<kube::Service>(kCount), read_list<kube::Service>);
  bench::print_figure(
      "client.bytes_per_endpoint", static_cast<double>(slices.kept) / (kCount * kEndpointsOfEach),
      "bytes", bench::Reach::kAtMost, 150,
      fmt::format("ten in a slice; a Service takes {} bytes", services.kept / kCount));
}

template <class T>
std::size_t beyond_what_is_kept() {
  Keeper<T> keeper;
  kube::ObjectFeed<T> feed(keeper);
  feed.begin_watch();
  std::size_t before = 0;
  for (const std::uint32_t version : {5'000'000U, 5'000'001U}) {
    const std::string event = bench::event_text<T>("MODIFIED", 7, version);
    before = heap::use().allocations;
    if (feed.watch_bytes(event).events != 1) fail("an event was refused");
  }
  return keeper.allocations - before - keeper.kept;
}

void measure_event() {
  const auto services = beyond_what_is_kept<kube::Service>();
  const auto slices = beyond_what_is_kept<kube::EndpointSlice>();
  bench::print_figure("client.event_allocations", static_cast<double>(std::max(services, slices)),
                      "", bench::Reach::kAtMost, 0, "beyond long strings and lists of the object");
}

}  // namespace

int main() {
  measure_speed();
  measure_overhead();
  measure_kept();
  measure_event();
  return 0;
}
