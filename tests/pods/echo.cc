// echo: tells everyone who asks which pod it is, whom it sees asking, and how much was asked.
//
//   echo 8080/TCP 53/UDP 9/SCTP
//
// A request ends with a line feed; the answer is one line: HOSTNAME PEER BYTES. Connections stay
// open for more. On SIGTERM it goes on for LINGER seconds (of its environment; 0 without), so that
// the tests have pods that terminate and still serve.

#include <csignal>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "tests/pods/sockets.h"
#include "tests/pods/transport.h"

namespace pods {
namespace {

constexpr std::size_t kLargestDatagram = 65536;

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

std::string answer(const std::string& peer, std::size_t bytes) {
  static const std::string name = variable("HOSTNAME", "unnamed");
  return name + " " + peer + " " + std::to_string(bytes) + "\n";
}

void converse(const Socket& socket, const std::string& peer) try {
  std::size_t bytes = 0;
  while (true) {
    std::array<char, 16384> buffer{};
    const ssize_t count = recv(socket.descriptor(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return;
    bytes += static_cast<std::size_t>(count);
    if (buffer.at(static_cast<std::size_t>(count) - 1) != '\n') continue;
    send_all(socket, answer(peer, bytes));
    bytes = 0;
  }
} catch (const std::exception&) {
  // A client that went away is none of the server's concern.
}

void serve_connections(const Socket& listener) {
  while (true) {
    Address peer;
    Socket socket(accept4(listener.descriptor(), peer.get(), &peer.length, SOCK_CLOEXEC));
    if (socket.descriptor() < 0) continue;
    std::thread([owned = std::move(socket), name = to_string(peer)] {
      converse(owned, name);
    }).detach();
  }
}

void serve_datagrams(const Socket& socket) {
  std::vector<char> buffer(kLargestDatagram);
  while (true) {
    Address peer;
    const ssize_t count =
        recvfrom(socket.descriptor(), buffer.data(), buffer.size(), 0, peer.get(), &peer.length);
    if (count < 0) continue;
    const std::string text = answer(to_string(peer), static_cast<std::size_t>(count));
    sendto(socket.descriptor(), text.data(), text.size(), 0, peer.get(), peer.length);
  }
}

// "53/UDP": listens, and serves in a thread of its own.
void serve(const std::string& port) {
  const std::size_t slash = port.find('/');
  const Transport transport = transport_named(port.substr(slash + 1));
  Socket socket = bound_to(static_cast<std::uint16_t>(std::stoi(port.substr(0, slash))),
                           transport.type, transport.protocol);
  const auto work = transport.type == SOCK_DGRAM ? serve_datagrams : serve_connections;
  std::thread([owned = std::move(socket), work] { work(owned); }).detach();
}

sigset_t blocked_end() {
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &end, nullptr);
  return end;
}

void serve_until_told_to_end(const std::vector<std::string>& ports) {
  const sigset_t end = blocked_end();
  for (const std::string& port : ports) serve(port);
  std::puts("listening on all ports");
  std::fflush(stdout);
  int signal = 0;
  sigwait(&end, &signal);
  std::this_thread::sleep_for(std::chrono::seconds(std::stoi(variable("LINGER", "0"))));
  // The threads still use what lives in this process.
  std::_Exit(0);
}

}  // namespace
}  // namespace pods

int main(int argc, char** argv) try {
  pods::serve_until_told_to_end(std::vector<std::string>(argv + 1, argv + argc));
} catch (const std::exception& error) {
  std::fprintf(stderr, "echo: %s\n", error.what());
  return 1;
}
