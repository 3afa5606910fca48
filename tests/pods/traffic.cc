// traffic: the client side of the end-to-end tests; measures what a user of a Service would see.
//
// Results go to stdout, one a line; `hold` ends with one line of JSON. Exit code 0: every request
// was answered; 1: some were not; 2: a wrong invocation.

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "tests/pods/http_connection.h"
#include "tests/pods/sockets.h"

namespace pods {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Between two requests of one connection that is held, or longer where there are many: together
// they ask 50 times a second at most, which leaves an emulated processor time for what is tested.
constexpr milliseconds kPause{400};
constexpr milliseconds kPauseForEach{20};
constexpr int kFailuresBorne = 3;
constexpr long kFailuresTold = 10;  // of a hold; its summary counts the rest
constexpr std::string_view kUsage =
    "usage: traffic sequence URL N             N requests on N connections: who answered each\n"
    "       traffic peers URL N                as sequence, but the address that the server saw\n"
    "       traffic udp ADDRESS PORT N         N datagrams from N sockets: who answered each\n"
    "       traffic churn ADDRESS PORT N       N connections: microseconds of CPU for each, here\n"
    "       traffic connect ADDRESS PORT       connected, refused or timed out, and how fast\n"
    "       traffic hold ADDRESS PORT CONNECTIONS --stop-file FILE\n"
    "                                          keep-alive connections until the file appears\n";

struct Target {
  std::string host;
  std::string port;
};

milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - start);
}

void print(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

// "http://httpenv:8888/" or "http://[fd00::1]:8888".
Target target_of(std::string url) {
  if (url.starts_with("http://")) url.erase(0, 7);
  url = url.substr(0, url.find('/'));
  const std::size_t colon = url.rfind(':');
  std::string host = url.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return {.host = host, .port = url.substr(colon + 1)};
}

// Runs `ask` N times and prints what each returns, or its failure; gives up after a few of these.
template <typename Ask>
int repeat(int count, Ask ask) {
  int failures = 0;
  for (int i = 0; i < count && failures < kFailuresBorne; ++i) {
    try {
      print(ask());
    } catch (const std::exception& error) {
      print(std::string("failed: ") + error.what());
      ++failures;
    }
  }
  return failures == 0 ? 0 : 1;
}

int sequence(const std::string& url, int count) {
  const Target target = target_of(url);
  const Address address = resolve(target.host, target.port);
  return repeat(count, [&] { return HttpConnection(address).get(target.host).host_name; });
}

int peers(const std::string& url, int count) {
  const Target target = target_of(url);
  const Address address = resolve(target.host, target.port);
  return repeat(count, [&] { return HttpConnection(address).get(target.host).peer; });
}

int udp(const Target& target, int count) {
  const Address address = resolve(target.host, target.port);
  // All stay open: a port given out twice would be one flow, and go to the same pod twice.
  std::vector<Socket> sockets;
  return repeat(count, [&] {
    sockets.push_back(connect_to(address, {.type = SOCK_DGRAM}));
    send_all(sockets.back(), "who?");
    return receive(sockets.back());
  });
}

double cpu_microseconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const std::chrono::seconds whole(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
  const std::chrono::microseconds rest(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  return std::chrono::duration<double, std::micro>(whole + rest).count();
}

// What the kernel does for a packet that is sent is done, and counted, in the sender's time: route,
// rules, IPVS, up to the other end of the veth pair.
int churn(const Target& target, int count) {
  const Address address = resolve(target.host, target.port);
  const double before = cpu_microseconds();
  for (int i = 0; i < count; ++i) HttpConnection(address).get(target.host);
  print(std::to_string((cpu_microseconds() - before) / count));
  return 0;
}

std::string outcome(const Address& address) try {
  const Socket socket = connect_to(address, {});
  return "connected";
} catch (const std::system_error& error) {
  if (error.code() == std::errc::connection_refused) return "refused";
  if (error.code() == std::errc::timed_out) return "timed out";
  return error.code().message();
}

int connect_once(const Target& target) {
  const Address address = resolve(target.host, target.port);
  const Clock::time_point start = Clock::now();
  const std::string result = outcome(address);
  print(result + " " + std::to_string(since(start).count()));
  return result == "connected" ? 0 : 1;
}

// What all held connections count together.
struct Tally {
  std::atomic<long> requests = 0;
  std::atomic<long> failures = 0;
  std::atomic<long> reconnects = 0;
  std::atomic<long> slowest = 0;  // milliseconds
};

void note_slowest(Tally& tally, long taken) {
  long known = tally.slowest;
  while (taken > known && !tally.slowest.compare_exchange_weak(known, taken)) {
  }
}

// What all held connections have in common.
struct Hold {
  Address address;
  std::string host;
  milliseconds pause;
  Tally tally = {};
  std::atomic<bool> stop = false;
};

// Requests over one connection until the end of all, the server's farewell, or a failure.
void use_connection(Hold& hold) {
  HttpConnection connection(hold.address);
  while (!hold.stop) {
    const Clock::time_point start = Clock::now();
    const bool closes = connection.get(hold.host).closes;
    note_slowest(hold.tally, since(start).count());
    ++hold.tally.requests;
    if (closes) return;
    std::this_thread::sleep_for(hold.pause);
  }
}

// `delay`: each begins at another moment, so that they do not all ask at once for ever.
void hold_one(Hold& hold, milliseconds delay) {
  std::this_thread::sleep_for(delay);
  while (true) {
    try {
      use_connection(hold);
    } catch (const std::exception& error) {
      if (++hold.tally.failures <= kFailuresTold) print(std::string("failed: ") + error.what());
    }
    if (hold.stop) return;
    std::this_thread::sleep_for(kPause);
    ++hold.tally.reconnects;
  }
}

std::string to_json(const Tally& tally) {
  return "{\"requests\": " + std::to_string(tally.requests) +
         ", \"failures\": " + std::to_string(tally.failures) +
         ", \"reconnects\": " + std::to_string(tally.reconnects) +
         ", \"slowest_ms\": " + std::to_string(tally.slowest) + "}";
}

int hold(const Target& target, int connections, const std::string& stop_file) {
  Hold held{.address = resolve(target.host, target.port),
            .host = target.host,
            .pause = std::max(kPause, connections * kPauseForEach)};
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<std::size_t>(connections));
  for (int i = 0; i < connections; ++i) {
    threads.emplace_back([&held, delay = i * held.pause / connections] { hold_one(held, delay); });
  }
  bool announced = false;
  while (access(stop_file.c_str(), F_OK) != 0) {
    if (!announced && held.tally.requests >= connections) {
      print("all connections carry requests");
      announced = true;
    }
    std::this_thread::sleep_for(milliseconds(50));
  }
  held.stop = true;
  threads.clear();
  print(to_json(held.tally));
  return held.tally.failures == 0 ? 0 : 1;
}

int run(const std::vector<std::string>& words) {
  const std::string command = words.empty() ? "" : words[0];
  if (command == "sequence" && words.size() == 3) return sequence(words[1], std::stoi(words[2]));
  if (command == "peers" && words.size() == 3) return peers(words[1], std::stoi(words[2]));
  if (command == "connect" && words.size() == 3) return connect_once({words[1], words[2]});
  if (command == "churn" && words.size() == 4) {
    return churn({words[1], words[2]}, std::stoi(words[3]));
  }
  if (command == "udp" && words.size() == 4) return udp({words[1], words[2]}, std::stoi(words[3]));
  if (command == "hold" && words.size() == 6 && words[4] == "--stop-file") {
    return hold({words[1], words[2]}, std::stoi(words[3]), words[5]);
  }
  std::fputs(kUsage.data(), stderr);
  return 2;
}

}  // namespace
}  // namespace pods

int main(int argc, char** argv) try {
  return pods::run(std::vector<std::string>(argv + 1, argv + argc));
} catch (const std::exception& error) {
  std::fprintf(stderr, "traffic: %s\n", error.what());
  return 1;
}
