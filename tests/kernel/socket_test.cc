// The netlink socket against the kernel's own directory of generic netlink families, which answers
// anybody.
#include "ipvs/socket.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/genetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace {

using namespace std::chrono_literals;
using ipvs::MessageBatch;
using ipvs::Socket;

void ask_for(MessageBatch& batch, std::string_view family) {
  batch.begin(GENL_ID_CTRL);
  batch.put_header(genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1, .reserved = 0});
  batch.put_text(CTRL_ATTR_FAMILY_NAME, family);
  batch.end();
}

void ask_for_all(MessageBatch& batch) {
  batch.begin(GENL_ID_CTRL);
  batch.put_header(genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1, .reserved = 0});
  batch.end();
}

Socket open_socket(ipvs::SocketOptions options = {}) {
  auto socket = Socket::open(NETLINK_GENERIC, options);
  EXPECT_TRUE(socket.has_value()) << to_string(socket.error());
  return *std::move(socket);
}

// Nothing that the kernel sends arrives any more.
void deafen(const Socket& socket) {
  sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{.len = 1, .filter = &drop_all};
  ASSERT_EQ(setsockopt(socket.descriptor(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program),
            0);
}

std::uint32_t port_of(const Socket& socket) {
  sockaddr_nl address{};
  socklen_t size = sizeof address;
  getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size);
  return address.nl_pid;
}

TEST(Socket, MatchesEachErrorToItsMessage) {
  Socket socket = open_socket();
  MessageBatch batch;
  for (const char* family : {"nlctrl", "no-such-1", "nlctrl", "no-such-2", "nlctrl"}) {
    ask_for(batch, family);
  }
  int answers = 0;
  const auto codes = socket.exchange(batch, [&](nlmsghdr*) { ++answers; });
  EXPECT_EQ(codes, (std::vector{0, ENOENT, 0, ENOENT, 0}));
  EXPECT_EQ(answers, 3);
}

TEST(Socket, MeetsTheLastMessageWithItsOwnError) {
  Socket socket = open_socket();
  MessageBatch batch;
  ask_for(batch, "nlctrl");
  ask_for(batch, "no-such");
  EXPECT_EQ(socket.exchange(batch), (std::vector{0, ENOENT}));
}

TEST(Socket, DumpsToTheEnd) {
  Socket socket = open_socket();
  MessageBatch request;
  ask_for_all(request);
  int families = 0;
  EXPECT_EQ(socket.dump(request, [&](nlmsghdr*) { ++families; }), 0);
  EXPECT_GT(families, 0);
}

TEST(Socket, TakesSilenceForALostAnswerAndGoesOnWithANewPort) {
  Socket socket = open_socket({.deadline = 50ms});
  const auto port = port_of(socket);
  MessageBatch batch;
  ask_for(batch, "nlctrl");
  ask_for(batch, "no-such");
  ASSERT_NO_FATAL_FAILURE(deafen(socket));
  EXPECT_EQ(socket.exchange(batch), (std::vector{ETIMEDOUT, ETIMEDOUT}));
  EXPECT_NE(port_of(socket), port);
  EXPECT_EQ(socket.exchange(batch), (std::vector{0, ENOENT}));
}

TEST(Socket, GivesUpADumpThatFallsSilent) {
  Socket socket = open_socket({.deadline = 50ms});
  MessageBatch request;
  ask_for_all(request);
  ASSERT_NO_FATAL_FAILURE(deafen(socket));
  EXPECT_EQ(socket.dump(request, [](nlmsghdr*) {}), ETIMEDOUT);
  EXPECT_EQ(socket.dump(request, [](nlmsghdr*) {}), 0);
}

TEST(Socket, ReportsAnswersThatFoundNoRoomAndGoesOn) {
  Socket socket = open_socket({.receive_buffer = 4096});
  MessageBatch batch;
  for (int i = 0; i < 500; ++i) ask_for(batch, "no-such");
  const auto codes = socket.exchange(batch);
  EXPECT_EQ(codes.size(), 500U);
  EXPECT_NE(std::find(codes.begin(), codes.end(), ENOBUFS), codes.end());
  batch.clear();
  ask_for(batch, "nlctrl");
  EXPECT_EQ(socket.exchange(batch), std::vector{0});
}

TEST(Socket, LosesNothingWithinItsCapacity) {
  for (const int receive_buffer : {4096, 65536, 8 << 20}) {
    Socket socket = open_socket({.receive_buffer = receive_buffer});
    MessageBatch batch;
    while (batch.size() < socket.capacity()) ask_for(batch, "no-such");
    EXPECT_EQ(socket.exchange(batch), std::vector<int>(batch.size(), ENOENT)) << receive_buffer;
  }
}

TEST(Socket, IgnoresAnAnswerToSomethingElse) {
  Socket socket = open_socket();
  MessageBatch stray;
  ask_for(stray, "no-such");
  stray.message(0).nlmsg_seq = 0x7fffffff;
  ASSERT_GT(send(socket.descriptor(), stray.bytes().data(), stray.bytes().size(), 0), 0);
  MessageBatch batch;
  ask_for(batch, "nlctrl");
  EXPECT_EQ(socket.exchange(batch), std::vector{0});
}

TEST(Socket, HasAnAnswerForABatchTooBigToSend) {
  Socket socket = open_socket();
  MessageBatch batch;
  const std::string long_name(60000, 'x');
  for (int i = 0; i < 200; ++i) ask_for(batch, long_name);
  EXPECT_EQ(socket.exchange(batch), std::vector<int>(200, EMSGSIZE));
}

}  // namespace
