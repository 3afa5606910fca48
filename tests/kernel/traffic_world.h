// A small cluster around the test's own namespace, which plays the node: two pods behind veth pairs
// with /32 and /128 routes, and an outside client on a network of its own. Real packets, no helper
// programs: listeners and connections are sockets of this process, each opened by a thread that
// visited the namespace. Thread: the test's.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/kernel/kernel_world.h"

// A network namespace with `lo` up, beside the test's own; ends with this object and its sockets.
class Place {
 public:
  Place();
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::string path() const;  // under /proc, as ip(8) takes it for `netns`
  // Lines for `ip -batch -` in this place; must succeed.
  void ip(const std::string& lines) const;
  // A socket that lives in this place, whoever uses it.
  [[nodiscard]] int open_socket(int family, int type) const;

 private:
  int descriptor_ = -1;
};

// Accepts TCP connections on `port` of every address of a place, and answers each with the address
// it came from; ends with this object.
class Greeter {
 public:
  Greeter(int listening_socket, std::uint16_t port);
  ~Greeter();
  Greeter(const Greeter&) = delete;
  Greeter& operator=(const Greeter&) = delete;

 private:
  void serve();

  int socket_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// Answers every datagram on `port` of every address of a place with `name`; ends with this object.
class UdpGreeter {
 public:
  UdpGreeter(int datagram_socket, std::uint16_t port, std::string name);
  ~UdpGreeter();
  UdpGreeter(const UdpGreeter&) = delete;
  UdpGreeter& operator=(const UdpGreeter&) = delete;

 private:
  void serve();

  int socket_;
  std::string name_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// One client that keeps its source port.
class UdpClient {
 public:
  UdpClient(int datagram_socket, const ipvs::VirtualServerId& to);
  ~UdpClient();
  UdpClient(const UdpClient&) = delete;
  UdpClient& operator=(const UdpClient&) = delete;

  // What comes back for one datagram, or "refused" or "silence" as ask() says it.
  [[nodiscard]] std::string ask();

 private:
  int socket_;
};

class TrafficWorld : public KernelWorld {
 protected:
  static constexpr std::uint16_t kPodPort = 8080;

  void SetUp() override;
  void TearDown() override;

  // A service with `pods` as its endpoints, as the agent would program it.
  void serve(const ipvs::VirtualServerId& service, const std::vector<std::string>& pods);

  // As serve(), for an address that the node has of its own: nothing is bound.
  void serve_node_port(const ipvs::VirtualServerId& node_port,
                       const std::vector<std::string>& pods);
  // Installs the rules that another door, with these settings, has.
  void use(const ipvs::RuleSettings& settings);

  // What a Greeter behind `to` answers to a connection from `from` (null: the node): the source
  // address that it saw; or "refused", or "silence" after a second and a half.
  std::string ask(const Place* from, const ipvs::VirtualServerId& to);
  // What becomes of one datagram: "refused" when an ICMP error came back, else "silence".
  std::string ask_udp(const Place* from, const ipvs::VirtualServerId& to);

  std::unique_ptr<Place> client_;
  std::unique_ptr<Place> pod1_;
  std::unique_ptr<Place> pod2_;
  std::vector<std::unique_ptr<Greeter>> greeters_;

 private:
  // Each gives the node's half as lines for `ip -batch -`.
  std::string attach_pod(const Place& pod, int number);
  std::string attach_client();
  void set_up_pod(const Place& pod, int number);
  void set_up_client();
};
