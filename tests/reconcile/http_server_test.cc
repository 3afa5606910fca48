// The server on loopback: what it answers, and whom it throws out.
#include "reconcile/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <list>
#include <stdexcept>
#include <thread>

#include "reconcile/health_check_node_ports.h"
#include "tests/reconcile/http_client.h"

namespace reconcile {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using boost::asio::local::stream_protocol;
using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::size_t kLong = 8 << 20;  // more than two sockets take
const auto kLoopback = boost::asio::ip::address_v4::loopback();

HttpResponse echo(const HttpRequest& request) {
  if (request.path == "/long") return {.body = std::string(kLong, 'x')};
  if (request.path == "/throw") throw std::runtime_error("broken");
  if (request.path == "/throw-number") throw 1;
  return {.body = request.path};
}

class ServerTest : public testing::Test {
 protected:
  // A server of `echo` on a free port.
  tcp::endpoint serve(HttpLimits limits = {}) {
    return io_.run([this, limits] {
      server_.emplace(io_.executor(), at_once(echo), limits,
                      [this](std::string_view what) { said_.emplace_back(what); });
      EXPECT_FALSE(server_->listen(tcp::endpoint(kLoopback, 0)));
      const auto bound = server_->endpoint();
      tcp::endpoint endpoint;
      std::memcpy(endpoint.data(), bound.data(), bound.size());
      return endpoint;
    });
  }

  void TearDown() override {
    io_.run([this] { server_.reset(); });
  }

  http_client::IoThread io_;
  std::optional<HttpServer> server_;
  std::vector<std::string> said_;  // of trouble; the io thread's
};

TEST_F(ServerTest, AnswersAndCloses) {
  const auto answer = http_client::get(serve(), "/livez?x=1");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n/livez"));
}

TEST_F(ServerTest, AnswersNonsenseWithItsStatus) {
  const auto server = serve();
  EXPECT_THAT(http_client::exchange<tcp>(server, "POST / HTTP/1.1\r\n\r\n"),
              StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(http_client::exchange<tcp>(server, "GET /" + std::string(4'100, 'x')),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(http_client::get(server, "/throw"), StartsWith("HTTP/1.1 500 "));
}

TEST_F(ServerTest, SaysWhatIsThrownAndGoesOn) {
  const auto server = serve();
  EXPECT_THAT(http_client::get(server, "/throw"), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(http_client::get(server, "/throw-number"), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(http_client::get(server, "/livez"), EndsWith("/livez"));
  EXPECT_THAT(io_.run([this] { return said_; }),
              ElementsAre("broken", "an exception of no known kind"));
}

TEST_F(ServerTest, EndsAClientThatDoesNotFinishItsRequest) {
  const auto server = serve({.connections = 8, .deadline = 50ms});
  EXPECT_THAT(http_client::exchange<tcp>(server, "GET / HTTP/1.1\r\n"), IsEmpty());
}

TEST_F(ServerTest, AnswersBesideTenThousandSilentConnections) {
  constexpr int kFlood = 10'000;
  const auto server = serve({.connections = 16, .deadline = 60s});
  boost::asio::io_context io;
  std::list<tcp::socket> flood;
  for (int i = 0; i < kFlood; ++i) {
    flood.emplace_back(io).connect(server);
    boost::asio::write(flood.back(), boost::asio::buffer("GET /", 5));
    if (i % 1'000 == 0) {
      EXPECT_THAT(http_client::get(server, "/healthz"), EndsWith("/healthz"));
    }
  }
  EXPECT_THAT(http_client::get(server, "/healthz"), EndsWith("/healthz"));
  EXPECT_THAT(http_client::read_all(flood.front()), IsEmpty()) << "the first had to go";
}

TEST_F(ServerTest, EndsAClientThatWritesAByteNowAndThen) {
  const auto server = serve({.connections = 8, .deadline = 100ms});
  boost::asio::io_context io;
  tcp::socket client(io);
  client.connect(server);
  boost::system::error_code ended;
  const auto give_up = std::chrono::steady_clock::now() + 30s;
  while (!ended && std::chrono::steady_clock::now() < give_up) {
    boost::asio::write(client, boost::asio::buffer("G", 1), ended);
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_TRUE(ended) << "each byte bought it more time";
}

TEST_F(ServerTest, HoldsNoMoreAnswersThanConnections) {
  const auto server = serve({.connections = 4, .deadline = 60s});
  boost::asio::io_context io;
  std::list<tcp::socket> idle;
  for (int i = 0; i < 20; ++i) {
    idle.emplace_back(io).connect(server);
    boost::asio::write(idle.back(), boost::asio::buffer(std::string("GET /long HTTP/1.1\r\n\r\n")));
    ASSERT_THAT(http_client::get(server, "/short"), EndsWith("/short"));
  }
  EXPECT_LT(http_client::read_all(idle.front()).size(), kLong) << "the first had to go";
  EXPECT_GT(http_client::read_all(idle.back()).size(), kLong) << "the last is served";
}

TEST_F(ServerTest, ClosesItsConnectionsWhenItStops) {
  const auto server = serve({.connections = 8, .deadline = 60s});
  boost::asio::io_context io;
  tcp::socket client(io);
  client.connect(server);
  ASSERT_THAT(http_client::get(server, "/"), EndsWith("/")) << "so the first one is accepted, too";
  io_.run([this] { server_->stop(); });
  EXPECT_THAT(http_client::read_all(client), IsEmpty());
  boost::system::error_code refused;
  tcp::socket(io).connect(server, refused);
  EXPECT_EQ(refused, boost::asio::error::connection_refused);
}

TEST_F(ServerTest, ListensOnAUnixSocketThatOnlyItsOwnerMayUse) {
  const auto path = testing::TempDir() + "kube-ipvs-" + std::to_string(getpid()) + ".sock";
  for (int start = 0; start < 2; ++start) {  // the second finds the file of the first
    io_.run([&] {
      server_.emplace(io_.executor(), at_once(echo));
      ASSERT_FALSE(server_->listen_unix(path));
    });
    EXPECT_THAT(http_client::exchange<stream_protocol>(path, "GET /a HTTP/1.1\r\n\r\n"),
                EndsWith("/a"));
  }
  struct stat file {};
  ASSERT_EQ(stat(path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600U);
  unlink(path.c_str());
}

class HealthPortsTest : public testing::Test {
 protected:
  HealthPortsTest()
      : ports_(
            io_.executor(), {kLoopback}, [this] { return healthy_; },
            [this](std::uint16_t, const ServiceHealth&, const std::string& why) {
              failures_.push_back(why);
            }) {}
  ~HealthPortsTest() override {
    io_.run([this] { ports_.stop(); });
  }

  void update(HealthCheckNodePorts::Ports ports) {
    io_.run([&] { ports_.update(std::move(ports)); });
  }
  static std::string ask(std::uint16_t port) {
    return http_client::get({kLoopback, port}, "/anything");
  }

  // A port that was free a moment ago.
  static std::uint16_t free_port() {
    boost::asio::io_context io;
    return tcp::acceptor(io, {kLoopback, 0}).local_endpoint().port();
  }

  http_client::IoThread io_;
  bool healthy_ = true;
  std::vector<std::string> failures_;
  HealthCheckNodePorts ports_;
};

TEST_F(HealthPortsTest, ServeEachServiceOnItsPortUntilItGoes) {
  const auto port = free_port();
  update({{port, {"shop", "lb", 2}}});
  EXPECT_THAT(ask(port), StartsWith("HTTP/1.1 200 OK\r\n"));
  update({{port, {"shop", "lb", 0}}});
  EXPECT_THAT(ask(port), StartsWith("HTTP/1.1 503 "));
  update({});
  boost::asio::io_context io;
  boost::system::error_code refused;
  tcp::socket(io).connect({kLoopback, port}, refused);
  EXPECT_EQ(refused, boost::asio::error::connection_refused);
}

TEST_F(HealthPortsTest, AnswerTheLoadBalancerBesideTenThousandSilentConnections) {
  const auto port = free_port();
  update({{port, {"shop", "lb", 1}}});
  boost::asio::io_context io;
  std::list<tcp::socket> flood;
  for (int i = 0; i < 10'000; ++i) {
    flood.emplace_back(io).connect({kLoopback, port});
    boost::asio::write(flood.back(), boost::asio::buffer("GET /", 5));
    if (i % 1'000 == 0) {
      EXPECT_THAT(ask(port), StartsWith("HTTP/1.1 200 OK\r\n"));
    }
  }
  EXPECT_THAT(ask(port), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(http_client::read_all(flood.front()), IsEmpty()) << "the first had to go";
}

TEST_F(HealthPortsTest, SayWhichPortCannotBeHadAndTryAgain) {
  boost::asio::io_context io;
  std::optional<tcp::acceptor> taken(std::in_place, io, tcp::endpoint(kLoopback, 0));
  const auto port = taken->local_endpoint().port();
  update({{port, {"shop", "lb", 1}}});
  ASSERT_EQ(failures_.size(), 1U);
  EXPECT_THAT(failures_.front(), testing::HasSubstr("cannot listen on 127.0.0.1 port"));
  taken.reset();
  update({{port, {"shop", "lb", 1}}});
  EXPECT_EQ(failures_.size(), 1U);
  EXPECT_THAT(ask(port), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HealthPortsTest, GetAPortAsSoonAsItIsFree) {
  boost::asio::io_context io;
  std::optional<tcp::acceptor> taken(std::in_place, io, tcp::endpoint(kLoopback, 0));
  const auto port = taken->local_endpoint().port();
  update({{port, {"shop", "lb", 1}}});
  io_.run([this] { ports_.try_again(); });
  EXPECT_EQ(failures_.size(), 2U) << "told each time, folded by who hears it";
  taken.reset();
  io_.run([this] { ports_.try_again(); });
  EXPECT_EQ(failures_.size(), 2U);
  EXPECT_THAT(ask(port), StartsWith("HTTP/1.1 200 OK\r\n"));
}

}  // namespace
}  // namespace reconcile
