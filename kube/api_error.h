// What can go wrong between us and the API server, and how to say it to a person.
// Plain values, pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "kube/decode.h"
#include "kube/listener.h"
#include "kube/resource.h"

namespace kube {

struct ApiError {
  enum class Kind {
    kCredentials,  // a token, certificate or key cannot be read
    kResolve,      // the server's name has no address
    kRefused,      // nobody listens there
    kConnect,      // any other failure to connect
    kTls,          // the handshake failed: not the server we trust, or it does not trust us
    kTimeout,      // no answer in time
    kHungUp,       // the connection ended before an answer began
    kClosed,       // the connection ended in the middle of an answer
    kProtocol,     // the answer is not what an API server says
    kStatus,       // the server said no: see `status`
    kBrake,        // a list would take away too much to be believed alone (census.h)
    kStopped,      // we were told to stop
  };

  Kind kind = Kind::kProtocol;
  std::string detail;  // e.g. "connect to 10.96.0.1:443: Connection refused"
  Status status;       // of kStatus

  friend bool operator==(const ApiError&, const ApiError&) = default;
};

template <class T>
using ApiResult = tl::expected<T, ApiError>;

// The server says that the history asked for is gone: only a new list helps.
[[nodiscard]] bool is_gone(const Status& status);

// For a person: "cannot <verb> <resource>", why, and what to do. `server` as in
// ClusterAccess::url().
[[nodiscard]] Trouble trouble_of(const ApiError& error, std::string_view verb,
                                 const Resource& resource, std::string_view server);

}  // namespace kube
