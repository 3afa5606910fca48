// Random histories over a kernel in memory, seeded and so repeatable: Services of every type and
// slices come and go, the node's addresses do, other programs write, steps fail, the agent is
// killed in the middle of a plan, objects cannot be read after it started, addresses turn out to be
// another node's. After every single step the laws of design.md hold; and when the
// trouble ends, the kernel comes to hold what it should.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

#include "builders.h"
#include "ipvs/words.h"
#include "reconcile/apply.h"
#include "reconcile/reconciliation.h"
#include "recount.h"
#include "tests/fakes/fake_kernel.h"

namespace reconcile::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kGrace = 60s;
const std::string kNodeAddress = "192.168.0.1";
// Of others, one of them at the node's own address, where node ports are ours.
const std::vector kForeign{tcp("192.0.2.1", 80), tcp(kNodeAddress, 9999)};

// The API server's side of the world.
struct Cluster {
  std::map<kube::NamespacedName, kube::Service> services;
  std::map<kube::NamespacedName, kube::EndpointSlice> slices;
};

template <class T>
std::vector<T> values(const std::map<kube::NamespacedName, T>& objects) {
  std::vector<T> all;
  for (const auto& [name, object] : objects) all.push_back(object);
  return all;
}

class Simulation {
 public:
  explicit Simulation(unsigned seed) : random_(seed) {
    for (const auto& id : kForeign) {
      kernel_.plant(
          {.id = id,
           .settings = {},
           .traffic = {},
           .real_servers = {
               {.id = real("192.0.2.9", 80), .settings = {}, .connections = {}, .traffic = {}}}});
    }
    kernel_.add_node_address({ip("127.0.0.1"), "lo"});
    kernel_.add_node_address({ip(kNodeAddress), "eth0"});
    restart();
  }

  void one_turn() {
    now_ += std::chrono::milliseconds(pick(0, 20'000));
    change_cluster();
    if (chance(10)) change_node();
    if (chance(20)) change_other_node();
    if (chance(30)) tell_nodes();
    if (chance(20)) read_one_more();
    if (chance(15)) disturb_kernel();
    if (chance(30)) set_connections();
    if (chance(5) && !flushed_) restart();
    if (chance(20)) read_kernel();
    carry_out(chance(10) ? pick(0, 6) : kNever, chance(10) ? pick(0, 6) : kNever);
    check_foreign();
    check_tally();
  }

  // No more trouble: everything told, read and written until nothing is left to do.
  void settle() {
    while (read_one_more()) continue;
    tell_nodes();  // what was read last may be the first to ask for them
    for (int round = 0; round < 8; ++round) {
      now_ += kGrace + 1s;
      read_kernel();
      carry_out(kNever, kNever);
    }
    kernel_.clear_journal();
    read_kernel();
    carry_out(kNever, kNever);
    EXPECT_TRUE(kernel_.journal().empty())
        << "a settled kernel is written again: " << ipvs::to_string(kernel_.journal().front());
    check_converged();
    check_foreign();
  }

 private:
  static constexpr int kNever = 1'000'000;

  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  std::string address_of(int service) { return "10.96.0." + std::to_string(service); }

  void restart() {
    half_written_ = true;
    it_ = std::make_unique<Reconciliation>(NodeConfig{.name = "here", .knows_all_nodes = true},
                                           kGrace);
    decided_ = false;
    const auto before = kernel_.journal().size();
    tell_list(cluster_.services);
    EXPECT_FALSE(it_->ready());
    tell_list(cluster_.slices);
    read_kernel();
    EXPECT_EQ(kernel_.journal().size(), before);
  }

  // Now and then there is an object in the list that cannot be believed.
  template <class T>
  void tell_list(const std::map<kube::NamespacedName, T>& objects) {
    std::vector<T> read;
    std::set<kube::NamespacedName> unread;
    for (const auto& [name, object] : objects) {
      if (chance(15)) {
        unread.insert(name);
      } else {
        read.push_back(object);
      }
    }
    it_->replaced(std::move(read), unread, now_);
  }

  // False: every object has been read.
  bool read_one_more() {
    if (const auto& unread = it_->cluster().unread<kube::Service>(); !unread.empty()) {
      it_->changed(cluster_.services.at(*unread.begin()), now_);
      return true;
    }
    const auto& unread = it_->cluster().unread<kube::EndpointSlice>();
    if (unread.empty()) return false;
    it_->changed(cluster_.slices.at(*unread.begin()), now_);
    return true;
  }

  // Two Services may land on one address.
  kube::Service any_service(const std::string& name) {
    auto made = service(name, {address_of(pick(1, 3))},
                        {{.name = "",
                          .protocol = chance(30) ? kube::Protocol::kUdp : kube::Protocol::kTcp,
                          .port = static_cast<std::uint16_t>(80 + pick(0, 1))}});
    made.internal_policy = any_policy();
    if (chance(20)) made.session_affinity = std::chrono::seconds(pick(1, 9));
    if (chance(50)) return made;
    made.type = kube::ServiceType::kLoadBalancer;
    made.ports.front().node_port = static_cast<std::uint16_t>(30000 + pick(0, 2));
    made.external_policy = any_policy();
    if (chance(50)) made.load_balancer_ips = {ip("203.0.113." + std::to_string(pick(1, 3)))};
    if (chance(50)) made.external_ips = {ip("203.0.113." + std::to_string(pick(1, 3)))};
    for (int i = pick(0, 2); i > 0; --i) made.source_ranges.push_back(any_range());
    made.health_check_node_port = 32000;
    return made;
  }

  kube::TrafficPolicy any_policy() {
    return chance(50) ? kube::TrafficPolicy::kLocal : kube::TrafficPolicy::kCluster;
  }

  kube::CidrRange any_range() {
    return *kube::parse_cidr_range("10.0.0.0/" + std::to_string(pick(8, 16)));
  }

  // An address comes or goes; now and then it is one that a Service has as an external one.
  void change_node() {
    const auto address = chance(30) ? ip("203.0.113." + std::to_string(pick(1, 3)))
                                    : ip("192.168.0." + std::to_string(pick(2, 3)));
    kernel_.remove_node_address(address);
    if (chance(60)) kernel_.add_node_address({address, "eth1"});
  }

  // The addresses of node "there": what Services have as external ones, too.
  void change_other_node() {
    there_.addresses.clear();
    for (int i = pick(0, 2); i > 0; --i)
      there_.addresses.push_back(ip("203.0.113." + std::to_string(pick(1, 3))));
    if (it_->facts().elsewhere().nodes_told()) it_->changed(there_, now_);
  }

  // They come, or are not waited for any longer.
  void tell_nodes() {
    if (!it_->awaits_nodes()) return;
    if (chance(20)) return it_->do_without_nodes();
    it_->replaced(std::vector{there_}, now_);
  }

  void change_cluster() {
    const int number = pick(1, 4);
    const auto name = "ns/s" + std::to_string(number);
    switch (pick(0, 5)) {
      case 0: {
        auto made = any_service(name);
        cluster_.services[named(name)] = made;
        it_->changed(made, now_);
        break;
      }
      case 1:
        cluster_.services.erase(named(name));
        it_->deleted<kube::Service>(named(name), now_);
        break;
      default: {
        std::vector<kube::Endpoint> endpoints;
        for (int i = pick(0, 4); i > 0; --i) {
          endpoints.push_back(
              ready("10.0.0." + std::to_string(pick(1, 6)), chance(50) ? "here" : "there"));
        }
        auto made = slice(name, "s" + std::to_string(number), endpoints,
                          {{.name = "", .port = 8080},
                           {.name = "", .protocol = kube::Protocol::kUdp, .port = 8080}});
        cluster_.slices[named(name)] = made;
        it_->changed(made, now_);
      }
    }
  }

  // One trouble at a time. What is ours is recorded twice, on the link and in the table, and once
  // only while it is being announced: who takes both records away, or the one of an agent killed
  // right then, leaves a virtual server that nobody can know to be ours. What is held is put back
  // by nobody.
  void disturb_kernel() {
    if (half_written_ || !decided_ || it_->kept().counts().any()) return;
    if (std::exchange(disturbed_, true)) return;
    repairing_ = false;
    switch (pick(0, 3)) {
      case 0:
        kernel_.uproot(tcp(address_of(pick(1, 3)), 80));
        break;
      case 1:
        kernel_.delete_link();
        break;
      case 2:
        kernel_.flush_ruleset();
        flushed_ = true;
        break;
      default:
        kernel_.break_rules();
    }
  }

  void set_connections() {
    const auto observation = *kernel_.observe();
    for (const auto& server : observation.virtual_servers) {
      for (const auto& real_server : server.real_servers) {
        kernel_.set_connections(
            server.id, real_server.id,
            {.active = static_cast<std::uint32_t>(chance(50) ? pick(0, 3) : 0)});
      }
    }
  }

  void read_kernel() {
    it_->observed(*kernel_.observe());
    repairing_ = true;
  }

  // Writes what is pending one step at a time, as apply() does; step number `failing` is refused,
  // at step number `killed` the agent dies.
  void carry_out(int failing, int killed) {
    failing_ = failing;
    killed_ = flushed_ ? kNever : killed;
    while (it_->ready() && it_->pending()) {
      auto plan = it_->decide(now_);
      if (!std::exchange(decided_, true)) note_guarded();
      const auto claimed = write(plan.claims);
      if (!claimed) return restart();
      const auto changes = announceable(std::move(plan.changes), plan.claims, *claimed);
      const auto changed = write(changes);
      if (!changed) return restart();
      const auto releases = releasable(std::move(plan.releases), joined(plan.claims, changes),
                                       joined(*claimed, *changed));
      const auto released = write(releases);
      if (!released) return restart();
      const bool claims_done = acknowledged(plan.claims, *claimed);
      const bool changes_done = acknowledged(changes, *changed);
      const bool releases_done = acknowledged(releases, *released);
      if (!claims_done || !changes_done || !releases_done) read_kernel();
    }
    if (it_->ready() && std::exchange(repairing_, false))
      disturbed_ = half_written_ = flushed_ = false;
  }

  template <class T>
  static std::vector<T> joined(std::vector<T> first, const std::vector<T>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }

  bool acknowledged(const std::vector<ipvs::Step>& steps,
                    const std::vector<ipvs::Outcome>& outcomes) {
    return it_->acknowledge(steps, outcomes, now_);
  }

  // Nothing if the agent was killed on the way.
  std::optional<std::vector<ipvs::Outcome>> write(const std::vector<ipvs::Step>& steps) {
    std::vector<ipvs::Outcome> outcomes;
    for (const auto& step : steps) {
      if (killed_-- == 0) return std::nullopt;
      outcomes.push_back(failing_-- == 0 ? refusal() : write_checked(step));
    }
    return outcomes;
  }

  static ipvs::Outcome refusal() {
    return ipvs::Error{.code = ENOMEM, .operation = "", .subject = "", .remedy = ""};
  }

  ipvs::Outcome write_checked(const ipvs::Step& step) {
    if (const auto* deletion = std::get_if<ipvs::DeleteRealServer>(&step)) check_reset(*deletion);
    check_guarded(step);
    if (const auto* made = std::get_if<ipvs::AddVirtualServer>(&step)) check_captured(made->id);
    const auto outcome = kernel_.write({&step, 1}).front();
    check_order(step);
    return outcome;
  }

  // What nobody wants at the first decision, while some objects could not be read.
  void note_guarded() {
    guarded_.clear();
    guarded_real_servers_.clear();
    ObservedState state;
    state.replace(*kernel_.observe());
    for (const auto& id : state.everything_ours().virtual_servers) {
      const auto* wanted = it_->desired_state().virtual_server(id);
      if (!wanted) guarded_.insert(id);
      for (const auto& [real_server, seen] : state.virtual_server(id)->real_servers) {
        const auto is_wanted = [&, &server = real_server](const auto& one) {
          return one.first == server;
        };
        if (wanted && std::ranges::none_of(wanted->real_servers, is_wanted))
          guarded_real_servers_.insert({id, real_server});
      }
    }
  }

  // Law 1: whose it may be is not known, so it stays.
  void check_guarded(const ipvs::Step& step) {
    if (!it_->cluster().unread<kube::Service>().empty()) {
      const auto* deletion = std::get_if<ipvs::DeleteVirtualServer>(&step);
      EXPECT_FALSE(deletion && guarded_.contains(deletion->id)) << ipvs::to_string(step);
    }
    if (it_->cluster().unread<kube::EndpointSlice>().empty()) return;
    const auto* deletion = std::get_if<ipvs::DeleteRealServer>(&step);
    EXPECT_FALSE(deletion && guarded_real_servers_.contains({deletion->parent, deletion->id}))
        << ipvs::to_string(step);
    const auto* edit = std::get_if<ipvs::EditRealServer>(&step);
    EXPECT_FALSE(edit && edit->settings.weight == 0 &&
                 guarded_real_servers_.contains({edit->parent, edit->id}))
        << ipvs::to_string(step);
  }

  // Another node's address is nobody else's.
  void check_captured(const ipvs::VirtualServerId& id) {
    const auto* wanted = it_->desired_state().virtual_server(id);
    if (wanted == nullptr || wanted->kind < FrontendKind::kLoadBalancer) return;
    EXPECT_EQ(it_->facts().elsewhere().node_at(id.address), nullptr) << ipvs::to_string(id);
    EXPECT_FALSE(it_->awaits_nodes()) << ipvs::to_string(id);
  }

  // Law 3: a TCP server with connections is deleted only once its deadline has passed.
  void check_reset(const ipvs::DeleteRealServer& deletion) {
    const auto* server = kernel_.find(deletion.parent);
    if (!server || deletion.parent.protocol != ipvs::Protocol::kTcp) return;
    for (const auto& real_server : server->real_servers) {
      if (real_server.id != deletion.id || disturbed_) continue;
      EXPECT_EQ(real_server.settings.weight, 0) << "deleted without having been silent";
    }
  }

  // Laws 5, 7 and 8, at every point where a plan could be cut short.
  void check_order(const ipvs::Step& step) {
    if (disturbed_) return;
    const auto node = *kernel_.observe();
    ObservedState state;
    state.replace(node);
    for (const auto& server : node.virtual_servers) {
      if (std::find(kForeign.begin(), kForeign.end(), server.id) != kForeign.end()) continue;
      EXPECT_TRUE(state.is_ours(server.id))
          << ipvs::to_string(ipvs::DeleteVirtualServer{server.id}) << " is not known as ours after "
          << ipvs::to_string(step);
    }
    if (const auto* made = std::get_if<ipvs::AddVirtualServer>(&step))
      check_restricted(made->id, state);
    if (std::holds_alternative<ipvs::BindAddress>(step)) {
      const auto& address = std::get<ipvs::BindAddress>(step).address;
      EXPECT_TRUE(state.has({.set = ipvs::SetName::kServiceAddresses, .address = address}))
          << "announced before its other ports are refused: " << address;
    }
  }

  // Who may use it, and who is masqueraded, is known before a virtual server is there.
  void check_restricted(const ipvs::VirtualServerId& id, const ObservedState& state) {
    const auto* wanted = it_->desired_state().virtual_server(id);
    ASSERT_NE(wanted, nullptr);
    for (const auto& element : wanted->elements) {
      if (element.set == ipvs::SetName::kServicePorts) continue;
      EXPECT_TRUE(state.has(element))
          << "open before " << ipvs::to_string(ipvs::AddElement{element});
    }
  }

  void check_foreign() {
    for (const auto& id : kForeign) {
      const auto* foreign = kernel_.find(id);
      ASSERT_NE(foreign, nullptr) << "a foreign virtual server was deleted";
      EXPECT_EQ(foreign->real_servers.size(), 1U);
    }
  }

  // What /metrics says without walking over the Services.
  void check_tally() {
    const std::vector all{named("ns/s1"), named("ns/s2"), named("ns/s3"), named("ns/s4")};
    const auto& desired = it_->desired_state();
    EXPECT_EQ(counted(desired.tally()), recount(desired, all));
  }

  void check_converged() {
    auto wanted = it_->desired_state().everything();
    wanted.tidy();
    ObservedState state;
    state.replace(*kernel_.observe());
    auto present = state.everything_ours();
    present.tidy();
    EXPECT_EQ(present.virtual_servers, wanted.virtual_servers);
    EXPECT_EQ(present.addresses, wanted.addresses);
    EXPECT_EQ(present.elements, wanted.elements);
    for (const auto& id : wanted.virtual_servers) {
      const auto& real_servers = state.virtual_server(id)->real_servers;
      const auto* desired_server = it_->desired_state().virtual_server(id);
      ASSERT_EQ(real_servers.size(), desired_server->real_servers.size());
      for (const auto& [server, settings] : desired_server->real_servers) {
        EXPECT_EQ(real_servers.at(server).settings, settings);
      }
    }
  }

  std::mt19937 random_;
  TimePoint now_{};
  Cluster cluster_;
  FakeKernel kernel_;
  std::unique_ptr<Reconciliation> it_;
  kube::NodeAddresses there_{.metadata = {.id = {"", "there"}}};
  std::set<ipvs::VirtualServerId> guarded_;
  std::set<std::pair<ipvs::VirtualServerId, ipvs::RealServerId>> guarded_real_servers_;
  bool decided_ = false;       // since the last start
  bool disturbed_ = false;     // somebody tore at the tables, and they are not whole again
  bool flushed_ = false;       // what is ours is remembered only: who dies now leaves it behind
  bool half_written_ = false;  // killed in the middle of a plan
  bool repairing_ = false;     // what follows comes after a complete reading
  int failing_ = kNever;
  int killed_ = kNever;
};

class Histories : public testing::TestWithParam<unsigned> {};

TEST_P(Histories, KeepTheLawsAndConverge) {
  for (unsigned run = 0; run < 50; ++run) {
    const unsigned seed = GetParam() * 1'000 + run;
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation simulation(seed);
    for (int turn = 0; turn < 60; ++turn) simulation.one_turn();
    simulation.settle();
    if (testing::Test::HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Histories, testing::Range(1U, 21U));

}  // namespace
}  // namespace reconcile::test
