// Which version a kernel is of, and which defects that version has.
#include "reconcile/kernel_version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reconcile {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> defects_of(const KernelVersion& version) {
  std::vector<std::string> lines;
  for (const auto& defect : known_defects(version)) {
    lines.push_back(std::string(defect.id) + " until " + to_string(defect.fixed_in));
  }
  return lines;
}

TEST(KernelVersion, IsReadFromTheRelease) {
  EXPECT_EQ(parse_kernel_version("Linux version 6.18.45 (me@here) (gcc 14) #1 SMP Tue"),
            (KernelVersion{6, 18, 45}));
  EXPECT_EQ(parse_kernel_version("Linux version 7.1-rc3 (me@here) (gcc 14) #1 SMP Tue"),
            (KernelVersion{7, 1, 0}));
}

TEST(KernelVersion, OfDebianIsTheOneBehindTheBuildNumber) {
  EXPECT_EQ(parse_kernel_version("Linux version 6.1.0-18-amd64 (kernel@debian) (gcc-12 (Debian "
                                 "12.2.0-14) 12.2.0) #1 SMP PREEMPT Debian 6.1.76-1 (2024-02-01)"),
            (KernelVersion{6, 1, 76}));
  EXPECT_EQ(parse_kernel_version(
                "Linux version 6.6.10 (me@here) (gcc (Debian 12.2.0-14) 12.2.0) #1 SMP Tue"),
            (KernelVersion{6, 6, 10}));
}

TEST(KernelVersion, IsNothingInATextWithoutOne) {
  EXPECT_EQ(parse_kernel_version("Linux version here"), std::nullopt);
  EXPECT_EQ(parse_kernel_version(""), std::nullopt);
}

TEST(KernelDefects, AreThoseThatTheOwnSeriesHasMendedLater) {
  EXPECT_THAT(defects_of({6, 1, 177}),
              ElementsAre("CVE-2026-74724 until 6.1.183", "CVE-2026-68477 until 6.1.178"));
  EXPECT_THAT(defects_of({6, 1, 178}), ElementsAre("CVE-2026-74724 until 6.1.183"));
  EXPECT_THAT(defects_of({6, 1, 183}), IsEmpty());
}

TEST(KernelDefects, OfASeriesWithoutTheFixLastUntilTheNextThatHasIt) {
  EXPECT_THAT(defects_of({5, 10, 300}), ElementsAre("CVE-2026-74724 until 6.1.183"));
  EXPECT_THAT(defects_of({6, 15, 2}),
              ElementsAre("CVE-2026-74724 until 6.18.45", "CVE-2026-68477 until 6.18.40"));
}

TEST(KernelDefects, AreGoneFromTheFirstMainlineThatHasTheFix) {
  EXPECT_THAT(defects_of({7, 2, 0}), IsEmpty());
  EXPECT_THAT(defects_of({8, 0, 0}), IsEmpty());
}

}  // namespace
}  // namespace reconcile
