// What every API server promises its client: lists, watches, refusals, as kube-apiserver 1.36 does
// it. One suite, run over fakes::ApiServer in tier unit and over the real server in tier e2e; a
// promise that the real one does not keep has no place in it.
//
// A server joins with INSTANTIATE_TEST_SUITE_P(Name, ApiServerContract, testing::Values(factory),
// api_server_name) in a file of its own, linked with the target api_server_contract. It must have
// the namespace `contract`, with nothing in it.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kube/access.h"
#include "kube/resource.h"
#include "tests/contract/api_conversation.h"

// A server, and the time in which it lives.
class ApiServerWorld {
 public:
  virtual ~ApiServerWorld() = default;

  [[nodiscard]] boost::asio::io_context& io() { return io_; }
  // May do everything.
  [[nodiscard]] virtual kube::ClusterAccess administrator() const = 0;
  // Is known by a token, and may do nothing.
  [[nodiscard]] virtual kube::ClusterAccess powerless() const = 0;
  // Runs io() until `condition`; false: that has not come about.
  virtual bool run_until(const std::function<bool()>& condition, std::chrono::seconds most) = 0;

 protected:
  boost::asio::io_context io_{1};
};

struct ApiServerFactory {
  std::string name;
  std::function<std::unique_ptr<ApiServerWorld>()> make;
};

inline std::string api_server_name(const testing::TestParamInfo<ApiServerFactory>& info) {
  return info.param.name;
}

class ApiServerContract : public testing::TestWithParam<ApiServerFactory> {
 protected:
  using Conversation = std::shared_ptr<ApiConversation>;

  void SetUp() override;
  // Takes away what the test has created.
  void TearDown() override;

  // Requests as administrator; returns when the answer has ended.
  Conversation ask(const ApiRequest& request);
  Conversation get(const std::string& target) { return ask({.target = target}); }
  Conversation ask_as(const kube::ClusterAccess& who, const ApiRequest& request);
  // Returns at once.
  Conversation watch(const std::string& target);
  bool run_until(const std::function<bool()>& condition) {
    return world_->run_until(condition, std::chrono::seconds(30));
  }
  // Until the watch has brought so many events.
  std::vector<ApiEvent> events_of(const Conversation& watch, std::size_t count);

  // Writes; the object as the server has it now.
  boost::json::object create(const kube::Resource& resource, boost::json::object object);
  boost::json::object change(const kube::Resource& resource, const std::string& name,
                             const std::function<void(boost::json::object&)>& edit);
  void remove(const kube::Resource& resource, const std::string& name);

  // What is in the namespace of this suite, selected as in production.
  static kube::Resource services();
  static kube::Resource slices();

  std::unique_ptr<ApiServerWorld> world_;

 private:
  std::vector<std::string> created_;  // targets
};

// What tests read off objects.
[[nodiscard]] std::string name_of(const boost::json::object& object);
[[nodiscard]] std::string version_of(const boost::json::object& object);
[[nodiscard]] std::uint64_t number(const std::string& version);
[[nodiscard]] std::vector<std::string> names_in(const boost::json::object& list);
// "ADDED a"; of a bookmark "BOOKMARK ".
[[nodiscard]] std::vector<std::string> story(const std::vector<ApiEvent>& events);
// A Service of one port.
[[nodiscard]] boost::json::object service(const std::string& name,
                                          const boost::json::object& labels = {});
