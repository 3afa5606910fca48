#include "reconcile/cluster_snapshot.h"

#include <fmt/core.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <list>
#include <utility>

#include "kube/listener.h"
#include "kube/reflector.h"
#include "kube/resource.h"

namespace reconcile {
namespace {

namespace asio = boost::asio;

constexpr auto kPatience = std::chrono::seconds(30);

// Hears of one kind until its list is complete, or cannot be had.
template <class T>
class Collector final : public kube::Listener<T> {
 public:
  using Ended = std::function<void(const kube::Trouble* trouble)>;
  Collector(Listed<T>& into, Ended ended) : into_(into), ended_(std::move(ended)) {}

  void replaced(kube::ObjectList<T> objects) override {
    if (into_.told) return;
    into_.objects = std::move(objects);
    into_.told = true;
    end(nullptr);
  }
  void skipped(const kube::NamespacedName& id, std::string_view) override {
    if (!into_.told) into_.doubtful.insert(id);
  }
  void troubled(const kube::Trouble& trouble) override { end(&trouble); }
  void changed(T) override {}
  void deleted(const kube::NamespacedName&) override {}
  void settled() override {}

 private:
  // Once: a reflector goes on and on.
  void end(const kube::Trouble* trouble) {
    if (!std::exchange(over_, true)) ended_(trouble);
  }

  Listed<T>& into_;
  Ended ended_;
  bool over_ = false;
};

std::string to_text(const kube::Trouble& trouble) {
  return fmt::format("{}: {}. {}", trouble.what, trouble.why, trouble.remedy);
}

// Reads everything at once; gone with the call.
class Reading {
 public:
  Reading(kube::ClusterAccess access, const std::string& node) : access_(std::move(access)) {
    read(kube::all_services(), services_);
    read(kube::all_endpoint_slices(), slices_);
    read(kube::node_named(node), node_);
    read(kube::all_service_cidrs(), service_cidrs_);
    read(kube::all_nodes(), all_nodes_);
    deadline_.async_wait([this](boost::system::error_code cancelled) {
      if (!cancelled) fail(fmt::format("no complete answer from {}", access_.url()));
    });
  }

  tl::expected<ClusterSnapshot, std::string> finish() {
    io_.run();
    if (!failure_.empty()) return tl::unexpected(failure_);
    return std::move(cluster_);
  }

 private:
  // `required`: no decision is made without it.
  std::function<void(const kube::Trouble*)> ended(bool required) {
    ++open_;
    return [this, required](const kube::Trouble* trouble) {
      if (trouble != nullptr && required) return fail(to_text(*trouble));
      if (--open_ == 0) stop();
    };
  }

  template <class T>
  void read(kube::Resource resource, kube::Listener<T>& listener) {
    auto& reflector =
        reflectors_.emplace_back(io_.get_executor(), access_, std::move(resource), listener);
    asio::co_spawn(io_, reflector.run(), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);  // out of run()
    });
  }

  void fail(std::string why) {
    if (failure_.empty()) failure_ = std::move(why);
    stop();
  }

  void stop() {
    deadline_.cancel();
    for (auto& reflector : reflectors_) reflector.stop();
  }

  asio::io_context io_{1};
  kube::ClusterAccess access_;
  ClusterSnapshot cluster_;
  int open_ = 0;
  std::string failure_;
  asio::steady_timer deadline_{io_, kPatience};
  Collector<kube::Service> services_{cluster_.services, ended(true)};
  Collector<kube::EndpointSlice> slices_{cluster_.slices, ended(true)};
  Collector<kube::Node> node_{cluster_.node, ended(true)};
  Collector<kube::ServiceCidr> service_cidrs_{cluster_.service_cidrs, ended(false)};
  Collector<kube::NodeAddresses> all_nodes_{cluster_.all_nodes, ended(false)};
  std::list<kube::Reflector> reflectors_;
};

template <class T>
void tell(Reconciliation& decision, Listed<T> listed) {
  if (listed.told) decision.replaced(std::move(listed.objects), listed.doubtful, {});
}

}  // namespace

tl::expected<ClusterSnapshot, std::string> read_cluster(const kube::ClusterAccess& access,
                                                        const std::string& node_name) {
  auto cluster = Reading(access, node_name).finish();
  if (cluster && cluster->node.objects.empty()) {
    return tl::unexpected(fmt::format(
        "there is no Node {}; name this one as 'kubectl get nodes' does, with --node", node_name));
  }
  return cluster;
}

Reconciliation decision_from(ClusterSnapshot cluster, NodeConfig node,
                             std::chrono::milliseconds drain_deadline,
                             const ipvs::Observation& observation) {
  node.knows_all_nodes = node.knows_all_nodes && cluster.all_nodes.told;
  Reconciliation decision(std::move(node), drain_deadline);
  tell(decision, std::move(cluster.node));
  tell(decision, std::move(cluster.slices));
  tell(decision, std::move(cluster.services));
  tell(decision, std::move(cluster.service_cidrs));
  tell(decision, std::move(cluster.all_nodes));
  decision.observed(observation);
  return decision;
}

}  // namespace reconcile
