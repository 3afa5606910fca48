// A Reflector of Services against an ApiServer in the same thread: the test runs both by running
// the io_context until what it waits for is true. Time is simulated.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "kube/reflector.h"
#include "tests/fakes/api_server/answer.h"
#include "tests/fakes/api_server/api_server.h"
#include "tests/kube/journal.h"
#include "tests/kube/recorded.h"
#include "tests/kube/simulated_time.h"

namespace kube {

class ReflectorTest : public testing::Test {
 protected:
  ReflectorTest() { port_ = server_.start(); }

  // As in production, but that the same happens every time.
  static ReflectorOptions streaming() {
    ReflectorOptions options;
    options.list_watch.seed = 1;
    return options;
  }
  // As with a server that has no streaming lists.
  static ReflectorOptions paged() {
    ReflectorOptions options = streaming();
    options.list_watch.watch_list = false;
    return options;
  }

  ClusterAccess access() const {
    ClusterAccess access;
    access.tls = false;
    access.host = "127.0.0.1";
    access.port = port_;
    return access;
  }

  void start(const ReflectorOptions& options = paged()) {
    reflector_ = std::make_unique<Reflector>(io_.get_executor(), access(), all_services(), journal_,
                                             options);
    boost::asio::co_spawn(io_, reflector_->run(), [this](const std::exception_ptr& error) {
      ended_ = true;
      EXPECT_FALSE(error);
    });
  }

  // Runs everything until `condition`; an hour of simulated time at most.
  bool run_until(const std::function<bool()>& condition,
                 Clock::duration most = std::chrono::hours(1),
                 Clock::duration step = std::chrono::milliseconds(10)) {
    return SimulatedTime::run_until(io_, condition, most, step);
  }
  // Lets time pass, and everything happen that happens in it.
  void pass(Clock::duration time, Clock::duration step = std::chrono::milliseconds(10)) {
    run_until([] { return false; }, time, step);
  }
  // How much simulated time goes by until `condition`.
  Clock::duration time_until(const std::function<bool()>& condition) {
    const auto begin = Clock::now();
    EXPECT_TRUE(run_until(condition));
    return Clock::now() - begin;
  }

  // Until the journal has a line that begins so.
  bool run_until_told(const std::string& beginning, std::ptrdiff_t times = 1) {
    return run_until([&] { return journal_.count(beginning) >= times; });
  }

  bool run_until_watching() {
    return run_until([&] {
      return server_.watches() == 1 && reflector_ != nullptr &&
             reflector_->statistics().watch_since;
    });
  }

  void put_service(const std::string& name, const std::string& more = "") {
    server_.objects().put(
        R"({"kind":"Service","metadata":{"name":")" + name +
        R"(","namespace":"shop"},"spec":{"clusterIP":"10.96.0.9","ports":[{"port":80}])" + more +
        "}}");
  }

  void next_answer(std::string bytes,
                   fakes::CannedAnswer::Then then = fakes::CannedAnswer::Then::kKeep) {
    server_.faults().next.push_back({.bytes = std::move(bytes), .then = then});
  }

  std::ptrdiff_t requests(const std::string& part) const {
    return std::count_if(
        server_.requests().begin(), server_.requests().end(),
        [&](const std::string& request) { return request.find(part) != std::string::npos; });
  }

  SimulatedTime time_;
  boost::asio::io_context io_{1};
  fakes::ApiServer server_{io_.get_executor()};
  std::uint16_t port_ = 0;
  Journal<Service> journal_;
  std::unique_ptr<Reflector> reflector_;
  bool ended_ = false;
};

}  // namespace kube
