// An API server in small: list (limit, continue), get, watch (bookmarks, 410), create, replace,
// delete of Services, EndpointSlices and Nodes over plain HTTP/1.1 on 127.0.0.1; and, on demand,
// every way in which a server or what stands before it can misbehave.
//
// Its truth is the real one: both pass tests/contract/api_server_contract.h, and
// tests/kube/recorded holds kube-apiserver's answers. Runs on the caller's io_context, one thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/fakes/api_server/api_objects.h"

namespace fakes {

struct Request;

// Sent in place of a proper answer, byte for byte.
struct CannedAnswer {
  enum class Then { kKeep, kClose, kStall };

  std::string bytes;
  Then then = Then::kClose;
  // Before these bytes of it the connection rests: nobody has anything left to do then.
  std::vector<std::size_t> rests = {};
  // Sent behind it again and again, until the client hangs up.
  std::string endless = {};
};

struct Faults {
  std::deque<CannedAnswer> next;         // one for each of the next requests
  std::optional<std::size_t> cut_after;  // the next answers end after so many bytes
  bool byte_by_byte = false;             // each byte of a stream is a chunk of its own
  bool no_watch_list = false;            // streaming lists are refused, as by servers before 1.32
  bool endless_watch_list = false;       // … or begun, but never ended
  bool no_bookmarks = false;
};

class ApiServer {
 public:
  explicit ApiServer(boost::asio::any_io_executor executor);
  ~ApiServer();

  // Listens; port 0: any free one. Returns the port. Again after stop(): the server is back.
  std::uint16_t start(std::uint16_t port = 0);
  // As after the etcd below it was restored: other objects, a lower version, the same port.
  void restart_from(const ApiObjects::Backup& backup);
  // Closes the door and every connection, as a crash would.
  void stop();
  // Ends all watches properly, as a server does that shuts down.
  void end_watches();
  // Sends a bookmark on every watch.
  void bookmark();

  [[nodiscard]] ApiObjects& objects() { return objects_; }
  [[nodiscard]] Faults& faults() { return faults_; }
  // Method and target of every request so far: "GET /api/v1/services?limit=500".
  [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }
  [[nodiscard]] std::size_t watches() const { return watches_.size(); }
  // How many bytes of endless answers have been sent.
  [[nodiscard]] std::size_t flood() const { return flood_; }

  // How often a watch gets a bookmark of its own accord; one comes shortly before its end, too.
  std::chrono::seconds bookmark_interval{60};
  // Whoever does not bear it gets 401; empty: everybody is served.
  std::string required_token;
  // Whoever bears this one is known, and may do nothing; empty: there is nobody like that.
  std::string powerless_token;
  // How long a canned answer rests where it rests.
  std::chrono::milliseconds drip{1};
  // Lists of so many bytes are compressed for who asks for it.
  std::size_t gzip_from = std::size_t{128} << 10;

 private:
  struct Session;
  struct Watch;

  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);
  boost::asio::awaitable<bool> answer(Session& session, const Request& request);
  boost::asio::awaitable<bool> misbehave(Session& session, const CannedAnswer& canned);
  boost::asio::awaitable<bool> send_with_rests(Session& session, const CannedAnswer& canned);
  boost::asio::awaitable<bool> watch(Session& session, const Request& request);
  boost::asio::awaitable<bool> stream(Session& session, Watch& watch);
  boost::asio::awaitable<bool> answer_resource(Session& session, const Request& request);
  boost::asio::awaitable<bool> send(Session& session, std::string bytes);
  boost::asio::awaitable<bool> send_chunk(Session& session, std::string bytes);
  [[nodiscard]] std::optional<std::string> refusal(const Session& session,
                                                   const Request& request) const;
  [[nodiscard]] std::string list(const Request& request, bool gzip);
  [[nodiscard]] std::string page(const Request& request, Listing listing, bool gzip);
  [[nodiscard]] std::string one(const Request& request);
  [[nodiscard]] std::string write(const Request& request);
  [[nodiscard]] std::string news(Watch& watch) const;
  [[nodiscard]] std::string initial_events(Watch& watch) const;
  void schedule_bookmark(Watch& watch) const;
  void wake_watches();

  boost::asio::any_io_executor executor_;
  ApiObjects objects_;
  Faults faults_;
  std::vector<std::string> requests_;
  std::size_t flood_ = 0;
  std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
  std::set<Session*> sessions_;
  std::set<Watch*> watches_;
  std::map<std::string, Listing> pages_;  // lists that go on: by continue token
};

}  // namespace fakes
