// One HTTP/1.1 connection to an httpenv, with requests one after the other.
//
// Not a general client: it expects a Content-Length, as httpenv sends it. Not thread-safe; each
// thread uses its own connection. Failures are std::system_error or std::runtime_error.
#pragma once

#include <string>

#include "tests/pods/sockets.h"

namespace pods {

// What httpenv said about itself and about the one who asked.
struct Answer {
  std::string host_name;  // the HOSTNAME of the pod that answered
  std::string peer;       // the address and port it saw the request come from
  bool closes = false;    // the server announced to close the connection
};

class HttpConnection {
 public:
  explicit HttpConnection(const Address& address) : socket_(connect_to(address, {})) {}

  // Asks for "/" and waits for the whole answer.
  Answer get(const std::string& host);

 private:
  Socket socket_;
};

}  // namespace pods
