// httpenv: answers every HTTP request with its own environment as JSON, on port 8888.
//
// The header X-Peer tells the address and port that the request came from. A datagram to the same
// port is answered with the host name. One thread per connection. On SIGTERM it behaves as a good
// server does: for three seconds it goes on answering, asks clients to leave, and then it ends.

#include <unistd.h>
#include <csignal>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <thread>

#include "tests/pods/sockets.h"

namespace pods {
namespace {

constexpr std::uint16_t kPort = 8888;
constexpr std::chrono::seconds kLeaving{3};

std::atomic<bool> leaving = false;

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      result += escape.data();
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string environment_as_json() {
  std::string json = "{";
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    json += json.size() > 1 ? ",\n " : "\n ";
    json += quoted(text.substr(0, equals)) + ": " + quoted(text.substr(equals + 1));
  }
  return json + "\n}\n";
}

std::string answer(const std::string& body, const std::string& peer) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\nX-Peer: " + peer +
         (leaving ? "\r\nConnection: close" : "") + "\r\n\r\n" + body;
}

// Answers the requests of one connection until one side closes it.
void converse(Socket socket, const std::string& peer, const std::string& body) try {
  std::string unread;
  for (bool open = true; open;) {
    const std::string more = receive(socket);
    if (more.empty()) return;
    unread += more;
    for (std::size_t end = 0; open && (end = unread.find("\r\n\r\n")) != std::string::npos;) {
      unread.erase(0, end + 4);
      open = !leaving;
      send_all(socket, answer(body, peer));
    }
  }
} catch (const std::exception&) {
  // A client that went away or fell silent is none of the server's concern.
}

void serve_http(const Socket& listener, const std::string& body) {
  while (true) {
    Address peer;
    Socket socket(accept4(listener.descriptor(), peer.get(), &peer.length, SOCK_CLOEXEC));
    if (socket.descriptor() < 0) continue;
    std::thread(converse, std::move(socket), to_string(peer), std::cref(body)).detach();
  }
}

void serve_datagrams(const Socket& socket, const std::string& name) {
  while (true) {
    Address peer;
    std::array<char, 2048> ignored{};
    const ssize_t count =
        recvfrom(socket.descriptor(), ignored.data(), ignored.size(), 0, peer.get(), &peer.length);
    if (count < 0) continue;
    sendto(socket.descriptor(), name.data(), name.size(), 0, peer.get(), peer.length);
  }
}

sigset_t blocked_end() {
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigaddset(&end, SIGINT);
  pthread_sigmask(SIG_BLOCK, &end, nullptr);
  return end;
}

void serve_until_told_to_end() {
  const sigset_t end = blocked_end();
  const Socket listener = bound_to(kPort, SOCK_STREAM);
  const Socket datagrams = bound_to(kPort, SOCK_DGRAM);
  const std::string body = environment_as_json();
  const char* name = std::getenv("HOSTNAME");
  std::thread(serve_http, std::cref(listener), std::cref(body)).detach();
  std::thread(serve_datagrams, std::cref(datagrams), std::string(name ? name : "")).detach();
  std::printf("listening on port %u\n", static_cast<unsigned>(kPort));
  std::fflush(stdout);
  int signal = 0;
  sigwait(&end, &signal);
  leaving = true;
  std::this_thread::sleep_for(kLeaving);
  // The threads still use what lives on this stack.
  std::_Exit(0);
}

}  // namespace
}  // namespace pods

int main() try { pods::serve_until_told_to_end(); } catch (const std::exception& error) {
  std::fprintf(stderr, "httpenv: %s\n", error.what());
  return 1;
}
