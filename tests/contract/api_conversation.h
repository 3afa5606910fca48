// One request to an API server and its answer, as it comes: what the contract asks with, so that
// it sees every byte, and not what the client makes of it. io thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <vector>

#include "kube/http_response.h"
#include "kube/transport.h"

struct ApiRequest {
  std::string method = "GET";
  std::string target;
  std::string body = {};
  bool gzip = false;  // the answer may come compressed
};

// An event of a watch.
struct ApiEvent {
  std::string type;
  boost::json::object object;
};

class ApiConversation : public std::enable_shared_from_this<ApiConversation> {
 public:
  // Connects, asks and reads on, as long as `io` runs, until the answer has ended or close().
  [[nodiscard]] static std::shared_ptr<ApiConversation> begin(boost::asio::io_context& io,
                                                              kube::ClusterAccess access,
                                                              ApiRequest request);
  void close() const;

  // As far as they have come; the body is unfolded.
  [[nodiscard]] unsigned status() const { return status_; }
  [[nodiscard]] const std::string& head() const { return head_; }
  [[nodiscard]] const std::string& body() const { return body_; }
  // Of a body that is one object, and has ended.
  [[nodiscard]] boost::json::object json() const;
  // Of a watch: the complete ones.
  [[nodiscard]] std::vector<ApiEvent> events() const;
  // The answer is complete, to its last chunk.
  [[nodiscard]] bool ended() const { return ended_; }
  // What went wrong, for a person; empty: nothing.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  ApiConversation(kube::ClusterAccess access, ApiRequest request)
      : access_(std::move(access)), request_(std::move(request)), reader_(request_.gzip) {}

  [[nodiscard]] boost::asio::awaitable<void> run(boost::asio::any_io_executor executor);
  [[nodiscard]] boost::asio::awaitable<std::string> connect(boost::asio::any_io_executor executor);
  [[nodiscard]] std::string take(std::string_view bytes);
  [[nodiscard]] std::string request_text(const std::string& token) const;

  kube::ClusterAccess access_;
  ApiRequest request_;
  std::unique_ptr<kube::Transport> transport_;
  kube::HttpResponseReader reader_;
  unsigned status_ = 0;
  std::string head_;
  std::string folded_;
  std::string body_;
  std::string trouble_;
  bool ended_ = false;
};
