// probe: many connections from one place at once, and what each of them came to.
//
// Reads probes from stdin, one a line, and runs them side by side; one start of a process for all
// of them, because a start is what costs under emulation:
//
//   ID PROTOCOL ADDRESS PORT MARK SOURCE-PORT LEAST MOST DISTINCT PATIENCE-MS BYTES
//
// A probe connects, asks an echo and tells, MOST times one after the other; it ends before that
// after LEAST times when DISTINCT pods have answered, and at once where it gets no answer.
// PROTOCOL: TCP, UDP, SCTP, or HTTP for the status of GET /healthz. On stdout, one line for each
// attempt:
//
//   ID answered NAME PEER BYTES | ID refused | ID silent | ID unreachable | ID failed WHY

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "tests/pods/sockets.h"
#include "tests/pods/transport.h"

namespace pods {
namespace {

constexpr std::size_t kWorkers = 24;

struct Probe {
  std::string id;
  std::string protocol;
  std::string address;
  std::string port;
  Dial dial;
  int least = 1;
  int most = 1;
  std::size_t distinct = 1;
  std::size_t bytes = 1;
};

Probe parse(const std::string& line) {
  std::istringstream words(line);
  Probe probe;
  long patience = 0;
  words >> probe.id >> probe.protocol >> probe.address >> probe.port >> probe.dial.mark >>
      probe.dial.source_port >> probe.least >> probe.most >> probe.distinct >> patience >>
      probe.bytes;
  if (!words) throw std::runtime_error("not a probe: " + line);
  const Transport transport = transport_named(probe.protocol == "HTTP" ? "TCP" : probe.protocol);
  probe.dial.type = transport.type;
  probe.dial.protocol = transport.protocol;
  probe.dial.patience = std::chrono::milliseconds(patience);
  return probe;
}

std::string first_line(const Socket& socket) {
  std::string text;
  while (text.find('\n') == std::string::npos) {
    const std::string more = receive(socket);
    if (more.empty()) throw std::runtime_error("the connection was closed without an answer");
    text += more;
  }
  return text.substr(0, text.find_first_of("\r\n"));
}

std::string ask(const Probe& probe, const Socket& socket) {
  if (probe.protocol != "HTTP") {
    send_all(socket, std::string(probe.bytes - 1, 'x') + "\n");
    return first_line(socket);
  }
  send_all(socket, "GET /healthz HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n");
  return first_line(socket).substr(9, 3) + " - -";
}

std::string outcome_of(const std::error_code& error) {
  if (error == std::errc::connection_refused) return "refused";
  if (error == std::errc::timed_out) return "silent";
  if (error == std::errc::host_unreachable || error == std::errc::network_unreachable ||
      error == std::errc::permission_denied) {
    return "unreachable";
  }
  return "failed " + error.message();
}

// One connection: "answered …" or why not.
std::string attempt(const Probe& probe, const Address& address) try {
  const Socket socket = connect_to(address, probe.dial);
  return "answered " + ask(probe, socket);
} catch (const std::system_error& error) {
  return outcome_of(error.code());
} catch (const std::exception& error) {
  return std::string("failed ") + error.what();
}

std::string run(const Probe& probe) {
  const Address address = resolve(probe.address, probe.port);
  std::set<std::string> pods;
  std::string lines;
  for (int count = 1; count <= probe.most; ++count) {
    const std::string result = attempt(probe, address);
    lines += probe.id + " " + result + "\n";
    if (!result.starts_with("answered ")) break;
    pods.insert(result.substr(9, result.find(' ', 9) - 9));
    if (count >= probe.least && pods.size() >= probe.distinct) break;
  }
  return lines;
}

std::vector<Probe> read_probes() {
  std::vector<Probe> probes;
  for (std::string line; std::getline(std::cin, line);) probes.push_back(parse(line));
  return probes;
}

void run_all(const std::vector<Probe>& probes) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < probes.size(); i = next++) {
      std::fputs(run(probes[i]).c_str(), stdout);
    }
  };
  std::vector<std::jthread> workers;
  for (std::size_t i = 0; i < std::min(kWorkers, probes.size()); ++i) workers.emplace_back(work);
}

}  // namespace
}  // namespace pods

int main() try { pods::run_all(pods::read_probes()); } catch (const std::exception& error) {
  std::fprintf(stderr, "probe: %s\n", error.what());
  return 1;
}
