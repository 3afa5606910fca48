// TLS as we insist on it: 1.2 or later, the server's certificate signed by the authority given and
// carrying the name or address we asked for. There is no fallback. OpenSSL underneath; io thread.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "kube/access.h"

namespace kube {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// Trusts the authority and shows the certificate of `credentials`; or says what is wrong with them.
// While a connection uses one, whoever asks with the same on the same thread is given that one:
// making it costs more than the handshake. Not so with the system's authorities, which may change.
[[nodiscard]] tl::expected<TlsContext, std::string> tls_context(const ClusterAccess& access,
                                                                const Credentials& credentials);

// Says whom we expect, before the handshake.
[[nodiscard]] tl::expected<void, std::string> expect_server(SSL* connection,
                                                            const ClusterAccess& access);

// Why the handshake failed, for a person.
[[nodiscard]] std::string handshake_failure(SSL* connection, const ClusterAccess& access,
                                            const std::string& error);

}  // namespace kube
