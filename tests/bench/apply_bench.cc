// A whole table and a whole audit, against what others need for the same. Needs a kernel with IPVS,
// root and ipvsadm; scripts/bench runs it in the lab.
//   apply_bench [services]
#include <linux/ip_vs.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>

#include "ipvs/ipvs_codec.h"
#include "ipvs/message_batch.h"
#include "tests/bench/print_figure.h"
#include "tests/bench/programmed_node.h"
#include "tests/kernel/command.h"
#include "tests/kernel/kernel_world.h"

namespace {

using bench::print_figure;
using bench::print_value;
using bench::Reach;
using bench::seconds;

constexpr std::size_t kMessagesPerSend = 500;
constexpr int kRounds = 3;
// Short, and so more at the mercy of what else the machine does.
constexpr int kRepairs = 5;
constexpr int kBuffer = 200 << 10;  // bytes, either way; libnl's own is too small for one send

[[noreturn]] void give_up(const char* why) {
  fmt::print(stderr, "apply_bench: {}\n", why);
  std::exit(1);
}

// The kernel's own limit: messages that lie ready, one sendmsg for five hundred of them, and
// nothing but the acknowledgement of the last one looked at.
class Blaster {
 public:
  explicit Blaster(const std::vector<ipvs::Step>& steps) {
    if (genl_connect(socket_) != 0) give_up("no generic netlink");
    nl_socket_set_buffer_size(socket_, kBuffer, kBuffer);
    const auto family = static_cast<std::uint16_t>(genl_ctrl_resolve(socket_, IPVS_GENL_NAME));
    for (const auto& step : steps) {
      if (batches_.empty() || batches_.back().size() == kMessagesPerSend) batches_.emplace_back();
      ipvs::put_step(batches_.back(), family, step);
    }
    for (auto& batch : batches_) batch.message(batch.size() - 1).nlmsg_flags |= NLM_F_ACK;
  }
  ~Blaster() { nl_socket_free(socket_); }
  Blaster(const Blaster&) = delete;
  Blaster& operator=(const Blaster&) = delete;

  void blast() {
    const int descriptor = nl_socket_get_fd(socket_);
    for (const auto& batch : batches_) {
      const auto bytes = batch.bytes();
      if (send(descriptor, bytes.data(), bytes.size(), 0) < 0) give_up("cannot send");
      await_acknowledgement(descriptor);
    }
  }

 private:
  static void await_acknowledgement(int descriptor) {
    struct {
      nlmsghdr header;
      nlmsgerr error;
      char rest[256];
    } answer{};
    if (recv(descriptor, &answer, sizeof answer, 0) < 0) give_up("cannot receive");
    if (answer.header.nlmsg_type != NLMSG_ERROR || answer.error.error != 0) {
      give_up("the kernel refused a prebuilt message");
    }
  }

  nl_sock* socket_ = nl_socket_alloc();
  std::vector<ipvs::MessageBatch> batches_;
};

double blast_once(const std::vector<ipvs::Step>& steps) {
  enter_new_network_namespace();
  Blaster blaster(steps);
  return seconds([&] { blaster.blast(); });
}

double write_once(const std::vector<ipvs::Step>& steps) {
  bench::ProgrammedNode node(0);
  return seconds([&] {
    for (const auto& outcome : node.kernel().write(steps)) {
      if (outcome) give_up("the kernel refused a step");
    }
  });
}

double restore_once(const std::vector<ipvs::Step>& steps) {
  enter_new_network_namespace();
  std::string script;
  for (const auto& step : steps) script += ipvs::to_string(step) + '\n';
  return seconds([&] {
    if (run({"ipvsadm", "-R"}, {.input = script}).code != 0) give_up("ipvsadm -R failed");
  });
}

// Returns the seconds of the prebuilt messages.
double measure_apply(std::uint32_t services) {
  const auto steps = bench::server_steps(services);
  double raw = 1e9;
  double ours = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    raw = std::min(raw, blast_once(steps));
    ours = std::min(ours, write_once(steps));
  }
  print_value("apply.seconds", ours, "s", fmt::format("{} messages", steps.size()));
  print_figure("apply.vs_raw", ours / raw, "times", Reach::kAtMost, 1.3);
  print_figure("apply.vs_ipvsadm", restore_once(steps) / ours, "times", Reach::kAtLeast, 15);
  return raw;
}

// Of a flushed table that the last audit has read: from an audit's first question to the kernel's
// last answer. `raw`: the seconds of as many prebuilt messages.
void measure_repair(bench::ProgrammedNode& node, double raw) {
  double repair = 1e9;
  std::size_t steps = 0;
  for (int round = 0; round < kRepairs; ++round) {
    if (node.audit() != 0) give_up("an audit after a repair wrote something");
    if (run({"ipvsadm", "-C"}).code != 0) give_up("ipvsadm -C failed");
    const auto start = bench::Clock::now();
    steps = node.audit();
    repair = std::min(repair, std::chrono::duration<double>(node.written() - start).count());
  }
  print_figure("audit.repair", repair, "s", Reach::kAtMost, 1,
               fmt::format("after ipvsadm -C: {} steps", steps));
  print_figure("audit.repair_vs_raw", repair / raw, "times", Reach::kAtMost, 1.3,
               fmt::format("prebuilt messages: {:.2f} s", raw));
}

void measure_audit(std::uint32_t services, double raw) {
  bench::ProgrammedNode node(services);
  std::size_t steps = 0;
  const auto first = seconds([&] { steps = node.audit(); });
  print_value("apply.first_sync", first, "s",
              fmt::format("{} steps: servers, addresses, set elements", steps));
  double audit = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    audit = std::min(audit, seconds([&] {
                       if (node.audit() != 0) give_up("an audit of an intact node wrote something");
                     }));
  }
  const auto saved = seconds([] {
    if (run({"ipvsadm", "-Sn"}).code != 0) give_up("ipvsadm -Sn failed");
  });
  print_value("audit.seconds", audit, "s");
  print_figure("audit.noop", saved / audit, "times", Reach::kAtLeast, 10,
               fmt::format("ipvsadm -Sn: {:.2f} s", saved));
  measure_repair(node, raw);
}

}  // namespace

int main(int argc, char** argv) {
  const auto services = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 10'000);
  measure_audit(services, measure_apply(services));
}
