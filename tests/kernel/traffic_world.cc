#include "tests/kernel/traffic_world.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "tests/kernel/command.h"
#include "tests/kernel/node_sysctls.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

constexpr int kPatience = 1500;  // milliseconds

// In the calling thread's namespace.
void set_ipv6(const std::string& setting, const char* value) {
  EXPECT_TRUE(std::ofstream("/proc/sys/net/ipv6/conf/" + setting) << value << std::flush)
      << setting;
}

// Without duplicate address detection every address can be used at once; with it, after a second or
// two.
void trust_addresses() { set_ipv6("default/accept_dad", "0"); }

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress socket_address(const Address& address, std::uint16_t port) {
  SocketAddress result;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    const auto bytes = address.to_v4().to_bytes();
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&result.storage, &v4, sizeof v4);
    result.size = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    const auto bytes = address.to_v6().to_bytes();
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&result.storage, &v6, sizeof v6);
    result.size = sizeof v6;
  }
  return result;
}

int connect_to(int descriptor, const VirtualServerId& to) {
  const SocketAddress address = socket_address(to.address, to.port);
  return connect(descriptor, reinterpret_cast<const sockaddr*>(&address.storage), address.size);
}

std::string peer_text(const sockaddr_in6& peer) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, &peer.sin6_addr, text.data(), text.size());
  const std::string address(text.data());
  const std::string mapped = "::ffff:";
  return address.starts_with(mapped) ? address.substr(mapped.size()) : address;
}

// The error that a socket met within our patience: 0, an errno, or ETIMEDOUT. `events`: what to
// wait for.
int wait_for(int descriptor, short events) {
  pollfd wanted{descriptor, events, 0};
  if (poll(&wanted, 1, kPatience) == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

std::string word_for(int error) {
  return error == ECONNREFUSED ? "refused" : error == ETIMEDOUT ? "silence" : std::strerror(error);
}

int open_in(const Place* place, const Address& address, int type) {
  const int family = address.is_v4() ? AF_INET : AF_INET6;
  return place == nullptr ? socket(family, type | SOCK_CLOEXEC, 0)
                          : place->open_socket(family, type);
}

}  // namespace

Place::Place() {
  std::thread([this] {  // a thread of its own: the test's stays where it is
    enter_new_network_namespace();
    trust_addresses();
    descriptor_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  })
      .join();
}

Place::~Place() { close(descriptor_); }

std::string Place::path() const {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(descriptor_);
}

void Place::ip(const std::string& lines) const {
  output_of({"ip", "-batch", "-"}, {.input = lines, .network_namespace = descriptor_});
}

int Place::open_socket(int family, int type) const {
  int socket_descriptor = -1;
  std::thread([&] {
    if (setns(descriptor_, CLONE_NEWNET) != 0) return;
    socket_descriptor = socket(family, type | SOCK_CLOEXEC, 0);
  }).join();
  return socket_descriptor;
}

Greeter::Greeter(int listening_socket, std::uint16_t port) : socket_(listening_socket) {
  const int on = 1;
  setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const SocketAddress any = socket_address(ip("::"), port);
  EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&any.storage), any.size), 0);
  EXPECT_EQ(listen(socket_, 64), 0);
  thread_ = std::thread([this] { serve(); });
}

Greeter::~Greeter() {
  stop_ = true;
  thread_.join();
  close(socket_);
}

void Greeter::serve() {
  while (!stop_) {
    pollfd wanted{socket_, POLLIN, 0};
    if (poll(&wanted, 1, 50) <= 0) continue;
    sockaddr_in6 peer{};
    socklen_t size = sizeof peer;
    const int connection = accept(socket_, reinterpret_cast<sockaddr*>(&peer), &size);
    const std::string text = peer_text(peer);
    EXPECT_GT(send(connection, text.data(), text.size(), MSG_NOSIGNAL), 0);
    close(connection);
  }
}

UdpGreeter::UdpGreeter(int datagram_socket, std::uint16_t port, std::string name)
    : socket_(datagram_socket), name_(std::move(name)) {
  const SocketAddress any = socket_address(ip("::"), port);
  EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&any.storage), any.size), 0);
  thread_ = std::thread([this] { serve(); });
}

UdpGreeter::~UdpGreeter() {
  stop_ = true;
  thread_.join();
  close(socket_);
}

void UdpGreeter::serve() {
  while (!stop_) {
    pollfd wanted{socket_, POLLIN, 0};
    if (poll(&wanted, 1, 50) <= 0) continue;
    std::array<char, 16> question{};
    sockaddr_in6 peer{};
    socklen_t size = sizeof peer;
    auto* address = reinterpret_cast<sockaddr*>(&peer);
    if (recvfrom(socket_, question.data(), question.size(), 0, address, &size) < 0) continue;
    sendto(socket_, name_.data(), name_.size(), 0, address, size);
  }
}

UdpClient::UdpClient(int datagram_socket, const VirtualServerId& to) : socket_(datagram_socket) {
  EXPECT_EQ(connect_to(socket_, to), 0);
}

UdpClient::~UdpClient() { close(socket_); }

std::string UdpClient::ask() {
  EXPECT_EQ(send(socket_, "?", 1, 0), 1);
  if (const int error = wait_for(socket_, POLLIN); error != 0) return word_for(error);
  std::array<char, 64> answer{};
  const auto size = recv(socket_, answer.data(), answer.size(), 0);
  return {answer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

void TrafficWorld::SetUp() {
  KernelWorld::SetUp();
  trust_addresses();
  client_ = std::make_unique<Place>();
  pod1_ = std::make_unique<Place>();
  pod2_ = std::make_unique<Place>();
  const std::string node = attach_client() + attach_pod(*pod1_, 1) + attach_pod(*pod2_, 2);
  output_of({"ip", "-batch", "-"}, {.input = node});
  set_up_pod(*pod1_, 1);
  set_up_pod(*pod2_, 2);
  set_up_client();
  ASSERT_EQ(write_all(node_sysctls()), std::vector<int>(4, 0));
  set_ipv6("all/forwarding", "1");
  for (const Place* place : {pod1_.get(), pod2_.get()}) {
    greeters_.push_back(
        std::make_unique<Greeter>(place->open_socket(AF_INET6, SOCK_STREAM), kPodPort));
  }
  ASSERT_EQ(write_all({CreateLink{}, InstallRules{}}), (std::vector{0, 0}));
}

void TrafficWorld::TearDown() { greeters_.clear(); }

std::string TrafficWorld::attach_pod(const Place& pod, int number) {
  const std::string n = std::to_string(number);
  return "link add pod" + n + " type veth peer name eth0 netns " + pod.path() +
         "\n"
         "addr add 10.244.1.1/32 dev pod" +
         n +
         "\n"
         "addr add fd00:10:244:1::1/128 dev pod" +
         n +
         " nodad\n"
         "link set pod" +
         n +
         " up\n"
         "route add 10.244.1.1" +
         n + "/32 dev pod" + n +
         "\n"
         "route add fd00:10:244:1::1" +
         n + "/128 dev pod" + n + "\n";
}

void TrafficWorld::set_up_pod(const Place& pod, int number) {
  const std::string n = std::to_string(number);
  pod.ip("addr add 10.244.1.1" + n +
         "/32 dev eth0\n"
         "addr add fd00:10:244:1::1" +
         n +
         "/128 dev eth0 nodad\n"
         "link set eth0 up\n"
         "route add 10.244.1.1 dev eth0\n"
         "route add default via 10.244.1.1\n"
         "route add fd00:10:244:1::1 dev eth0\n"
         "route add default via fd00:10:244:1::1\n");
}

std::string TrafficWorld::attach_client() {
  return "link add outside type veth peer name eth0 netns " + client_->path() +
         "\n"
         "addr add 192.168.50.11/24 dev outside\n"
         "addr add fd00:50::11/64 dev outside nodad\n"
         "link set outside up\n";
}

void TrafficWorld::set_up_client() {
  client_->ip(
      "addr add 192.168.50.100/24 dev eth0\n"
      "addr add fd00:50::100/64 dev eth0 nodad\n"
      "link set eth0 up\n"
      "route add default via 192.168.50.11\n"
      "route add default via fd00:50::11\n");
}

void TrafficWorld::serve(const VirtualServerId& service, const std::vector<std::string>& pods) {
  std::vector<Step> steps{add(service)};
  for (const std::string& pod : pods) steps.push_back(add(service, real_server(pod, kPodPort)));
  steps.push_back(BindAddress{service.address});
  steps.push_back(AddElement{service_port(service)});
  steps.push_back(AddElement{service_address(service.address.to_string())});
  for (const std::string& pod : pods) steps.push_back(AddElement{hairpin(pod)});
  ASSERT_EQ(write_all(steps), std::vector<int>(steps.size(), 0));
}

void TrafficWorld::serve_node_port(const VirtualServerId& node_port,
                                   const std::vector<std::string>& pods) {
  std::vector<Step> steps{add(node_port)};
  for (const std::string& pod : pods) {
    steps.push_back(add(node_port, real_server(pod, kPodPort)));
    steps.push_back(AddElement{hairpin(pod)});
  }
  steps.push_back(AddElement{in_set(SetName::kNodePorts, node_port)});
  ASSERT_EQ(write_all(steps), std::vector<int>(steps.size(), 0));
}

void TrafficWorld::use(const RuleSettings& settings) {
  kernel_ = open_kernel({.rules = settings});
  ASSERT_EQ(write(InstallRules{}), 0);
}

std::string TrafficWorld::ask(const Place* from, const VirtualServerId& to) {
  const int descriptor = open_in(from, to.address, SOCK_STREAM | SOCK_NONBLOCK);
  std::array<char, 64> text{};
  int error = connect_to(descriptor, to) == 0 || errno == EINPROGRESS ? 0 : errno;
  if (error == 0) error = wait_for(descriptor, POLLOUT);
  if (error == 0) error = wait_for(descriptor, POLLIN);
  const auto size = error == 0 ? recv(descriptor, text.data(), text.size(), 0) : 0;
  close(descriptor);
  return error != 0
             ? word_for(error)
             : std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
}

std::string TrafficWorld::ask_udp(const Place* from, const VirtualServerId& to) {
  const int descriptor = open_in(from, to.address, SOCK_DGRAM);
  EXPECT_EQ(connect_to(descriptor, to), 0);
  EXPECT_EQ(send(descriptor, "?", 1, 0), 1);
  const int error = wait_for(descriptor, POLLIN);
  close(descriptor);
  return word_for(error);
}
