#include "reconcile/api_permissions.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>

#include "kube/api_client.h"
#include "kube/api_error.h"
#include "kube/resource.h"

namespace reconcile {
namespace {

namespace asio = boost::asio;

struct Request {
  std::string verb;
  kube::Resource resource;
  std::string target;
};

std::vector<Request> requests(const std::string& node_name) {
  std::vector<Request> all;
  for (const auto& resource :
       {kube::all_services(), kube::all_endpoint_slices(), kube::node_named(node_name)}) {
    all.push_back({"list", resource, kube::list_target(resource, 1, "")});
    all.push_back({"watch", resource, kube::watch_target(resource, "0", std::chrono::seconds(1))});
  }
  return all;
}

asio::awaitable<void> ask(kube::ApiClient& client, const std::vector<Request>& all,
                          std::vector<Permission>& permissions) {
  for (const auto& request : all) {
    Permission permission{.what = request.verb + " " + request.resource.plural, .refusal = {}};
    if (const auto answer = co_await client.get(request.target); !answer) {
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
