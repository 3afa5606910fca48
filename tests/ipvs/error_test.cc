#include "ipvs/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace {

using ipvs::Error;

Error error_with(int code) {
  return {.code = code, .operation = "read virtual servers", .subject = "", .remedy = ""};
}

TEST(Error, HasWhatWhyAndWhatToDo) {
  const Error error{.code = EPERM,
                    .operation = "add virtual server",
                    .subject = "TCP 10.96.0.1:443",
                    .remedy = "Grant the capability NET_ADMIN."};
  EXPECT_EQ(to_string(error),
            "cannot add virtual server TCP 10.96.0.1:443: Operation not permitted. Grant the "
            "capability NET_ADMIN.");
}

TEST(Error, LeavesOutWhatItDoesNotHave) {
  EXPECT_EQ(to_string(error_with(EPERM)), "cannot read virtual servers: Operation not permitted");
}

TEST(Error, SaysWhatTheKernelMeantAndNotWhatLibcSays) {
  EXPECT_EQ(to_string(error_with(ETIMEDOUT)),
            "cannot read virtual servers: the kernel did not answer in time (ETIMEDOUT)");
  EXPECT_EQ(to_string(error_with(EADDRNOTAVAIL)),
            "cannot read virtual servers: the address is not there (EADDRNOTAVAIL)");
  EXPECT_EQ(
      to_string(error_with(ENOBUFS)),
      "cannot read virtual servers: the kernel's answer was lost, its receive buffer was full "
      "(ENOBUFS)");
}

TEST(Error, IsAbsenceForThreeCodesOnly) {
  for (const int code : {ENOENT, ESRCH, EADDRNOTAVAIL}) EXPECT_TRUE(is_absent(error_with(code)));
  for (const int code : {EEXIST, EPERM, ENOBUFS, ETIMEDOUT, EINTR, ENOMEM, ENODEV, EINVAL}) {
    EXPECT_FALSE(is_absent(error_with(code))) << code;
  }
}

TEST(Error, IsPresenceForOneCodeOnly) {
  EXPECT_TRUE(is_present(error_with(EEXIST)));
  EXPECT_FALSE(is_present(error_with(ENOENT)));
}

}  // namespace
