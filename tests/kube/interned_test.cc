#include "kube/interned.h"

#include <gmock/gmock.h>

#include <thread>

namespace kube {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Name = Interned<std::string>;
using Names = Interned<std::vector<std::string>>;

TEST(Interned, KeepsEqualValuesOnce) {
  const Name one = std::string("a-node-with-a-long-name.example.com");
  const Name other = std::string("a-node-with-a-long-name.example.com");
  EXPECT_EQ(one, other);
  EXPECT_EQ(&one.value(), &other.value());
  EXPECT_NE(one, Name("another"));
}

TEST(Interned, StandsInForItsValue) {
  const Name name = "node-1";
  EXPECT_EQ(name, std::string("node-1"));
  EXPECT_EQ(static_cast<const std::string&>(name), "node-1");
  const Names zones = {"a", "b"};
  EXPECT_THAT(zones, ElementsAre("a", "b"));
  EXPECT_EQ(zones, Names({"a", "b"}));
  EXPECT_NE(zones, Names({"b", "a"}));
}

TEST(Interned, IsEmptyByDefault) {
  EXPECT_TRUE(Name().empty());
  EXPECT_EQ(Name(), Name(""));
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_EQ(Names(), Names(std::vector<std::string>()));
}

TEST(Interned, OutlivesTheCopiesBesideIt) {
  Name kept;
  {
    const Name first = "short-lived";
    Name second = first;
    kept = std::move(second);
  }
  EXPECT_EQ(kept, std::string("short-lived"));
  kept = Name();
  EXPECT_EQ(Name("short-lived"), std::string("short-lived"));
}

TEST(Interned, MayBeSharedByThreads) {
  const auto churn = [] {
    for (int round = 0; round < 2000; ++round) {
      const Name name = std::to_string(round % 3);
      const Name copy = name;  // NOLINT(performance-unnecessary-copy-initialization): is the point
      ASSERT_EQ(copy.value(), std::to_string(round % 3));
    }
  };
  std::thread other(churn);
  churn();
  other.join();
}

}  // namespace
}  // namespace kube
