// TLS as we insist on it: 1.2 or later, the server's certificate signed by the authority given and
// carrying the name or address we asked for. There is no fallback. OpenSSL underneath; io thread.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <string>
#include <tl/expected.hpp>

#include "kube/access.h"

namespace kube {

// Loads the authority and our certificate into a fresh context; or says what is wrong with them.
[[nodiscard]] tl::expected<void, std::string> configure(boost::asio::ssl::context& context,
                                                        const ClusterAccess& access,
                                                        const Credentials& credentials);

// Says whom we expect, before the handshake.
[[nodiscard]] tl::expected<void, std::string> expect_server(SSL* connection,
                                                            const ClusterAccess& access);

// Why the handshake failed, for a person.
[[nodiscard]] std::string handshake_failure(SSL* connection, const ClusterAccess& access,
                                            const std::string& error);

}  // namespace kube
