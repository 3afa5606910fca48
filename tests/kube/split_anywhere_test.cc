// Row 26 of the fault list over the whole path, from the socket to the listener: head, chunks,
// gzip, JSON. However the bytes of an answer are cut, the same is told.
#include <gmock/gmock.h>

#include <numeric>

#include "tests/kube/reflector_fixture.h"

namespace kube {
namespace {

using fakes::CannedAnswer;
using testing::ElementsAre;

std::string service(const std::string& name, int version) {
  return R"({"kind":"Service","metadata":{"namespace":"shop","labels":{"price":"€"},"name":")" +
         name + R"(","resourceVersion":")" + std::to_string(version) +
         R"("},"spec":{"clusterIP":"10.96.0.9"}})";
}

std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

// Compressed and in chunks, as kube-apiserver sends a long list.
std::string list_answer() {
  const std::string text =
      fakes::gzip(R"({"kind":"ServiceList","metadata":{"resourceVersion":"6"},)"
                  R"("items":[)" +
                  service("a", 5) + "," + service("b", 6) + "]}");
  return "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" +
         fakes::chunk(text.substr(0, 40)) + fakes::chunk(text.substr(40)) + fakes::chunk("");
}

// One event over two chunks, two events in one; characters of three bytes.
std::string watch_answer() {
  const std::string first = event("MODIFIED", service("a", 7));
  return fakes::chunked_head() + fakes::chunk(first.substr(0, 30)) +
         fakes::chunk(first.substr(30) + event("DELETED", service("b", 8))) +
         fakes::chunk(event("ADDED", service("c", 9))) + fakes::chunk("");
}

class SplitAnywhereTest : public ReflectorTest {
 protected:
  // What is told of both answers, cut there.
  std::vector<std::string> told(const std::vector<std::size_t>& cuts_of_list,
                                const std::vector<std::size_t>& cuts_of_watch) {
    auto& next = server_.faults().next;
    next.push_back({list_answer(), CannedAnswer::Then::kKeep, cuts_of_list});
    next.push_back({watch_answer(), CannedAnswer::Then::kClose, cuts_of_watch});
    Journal<Service> journal;
    Reflector reflector(io_.get_executor(), access(), all_services(), journal, paged());
    bool ended = false;
    boost::asio::co_spawn(io_, reflector.run(), [&](const std::exception_ptr&) { ended = true; });
    EXPECT_TRUE(run_until([&] { return journal.count("changed") == 2; }));
    EXPECT_THAT(journal.troubles, testing::IsEmpty());
    reflector.stop();
    EXPECT_TRUE(run_until([&] { return ended; }));
    return journal.story();
  }
};

TEST_F(SplitAnywhereTest, EveryCutTellsTheSame) {
  const auto longest = std::max(list_answer().size(), watch_answer().size());
  for (std::size_t cut = 1; cut < longest; ++cut) {
    const auto at = [cut](const std::string& answer) {
      return std::vector<std::size_t>{std::min(cut, answer.size())};
    };
    ASSERT_THAT(
        told(at(list_answer()), at(watch_answer())),
        ElementsAre("replaced shop/a shop/b", "changed shop/a", "deleted shop/b", "changed shop/c"))
        << "cut at " << cut;
  }
}

TEST_F(SplitAnywhereTest, SingleBytesTellTheSame) {
  const auto everywhere = [](const std::string& answer) {
    std::vector<std::size_t> cuts(answer.size() - 1);
    std::iota(cuts.begin(), cuts.end(), 1);
    return cuts;
  };
  EXPECT_THAT(
      told(everywhere(list_answer()), everywhere(watch_answer())),
      ElementsAre("replaced shop/a shop/b", "changed shop/a", "deleted shop/b", "changed shop/c"));
}

}  // namespace
}  // namespace kube
