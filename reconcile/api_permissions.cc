#include "reconcile/api_permissions.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>

#include "kube/api_client.h"
#include "kube/api_error.h"
#include "kube/event_recorder.h"
#include "kube/resource.h"

namespace reconcile {
namespace {

namespace asio = boost::asio;

struct Request {
  std::string verb;
  kube::Resource resource;
  std::string target;
  std::string body = {};  // empty: it is a GET
  bool optional = false;
};

// An Event that the server judges and does not keep.
Request event_request(const std::string& node) {
  const kube::Event trial{
      .reason = "Check",
      .action = "Check",
      .note = "kube-ipvs check asks whether it may create Events",
      .regarding = {.api_version = "v1", .kind = "Node", .id = {"", node}, .uid = node},
      .warning = false};
  const auto now = std::chrono::system_clock::now();
  return {.verb = "create",
          .resource = kube::events(),
          .target = kube::events().path + "?dryRun=All",
          .body = kube::event_json(trial, node, node + ".check", now),
          .optional = true};
}

void add_reading(std::vector<Request>& all, const kube::Resource& resource, bool optional) {
  all.push_back({.verb = "list",
                 .resource = resource,
                 .target = kube::list_target(resource, 1, ""),
                 .optional = optional});
  all.push_back({.verb = "watch",
                 .resource = resource,
                 .target = kube::watch_target(resource, "0", std::chrono::seconds(1)),
                 .optional = optional});
}

std::vector<Request> requests(const std::string& node_name) {
  std::vector<Request> all;
  for (const auto& resource :
       {kube::all_services(), kube::all_endpoint_slices(), kube::node_named(node_name)}) {
    add_reading(all, resource, /*optional=*/false);
  }
  add_reading(all, kube::all_service_cidrs(), /*optional=*/true);
  all.push_back(event_request(node_name));
  return all;
}

asio::awaitable<kube::ApiResult<void>> send(kube::ApiClient& client, const Request& request) {
  if (request.body.empty()) {
    auto answer = co_await client.get(request.target);
    co_return answer;
  }
  auto answer = co_await client.post(request.target, request.body);
  co_return answer;
}

asio::awaitable<void> ask(kube::ApiClient& client, const std::vector<Request>& all,
                          std::vector<Permission>& permissions) {
  for (const auto& request : all) {
    Permission permission{.what = request.verb + " " + request.resource.plural,
                          .refusal = {},
                          .optional = request.optional};
    if (const auto answer = co_await send(client, request); !answer) {
      const auto trouble =
          kube::trouble_of(answer.error(), request.verb, request.resource, client.access().url());
      permission.refusal = trouble.why;
      permission.remedy = trouble.remedy;
    }
    client.disconnect();  // the rest of the answer is of no interest
    permissions.push_back(std::move(permission));
  }
}

}  // namespace

std::vector<Permission> ask_permissions(const kube::ClusterAccess& access,
                                        const std::string& node_name) {
  asio::io_context io(1);
  kube::ApiClient client(io.get_executor(), access);
  const auto all = requests(node_name);
  std::vector<Permission> permissions;
  asio::co_spawn(io, ask(client, all, permissions), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);  // out of run()
  });
  io.run();
  return permissions;
}

}  // namespace reconcile
