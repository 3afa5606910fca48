#include "kube/tls.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>

namespace kube {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

boost::asio::const_buffer bytes_of(const std::string& text) { return boost::asio::buffer(text); }

const std::string& expected_name(const ClusterAccess& access) {
  return access.tls_server_name.empty() ? access.host : access.tls_server_name;
}

bool is_address(const std::string& name) {
  error_code error;
  boost::asio::ip::make_address(name, error);
  return !error;
}

tl::unexpected<std::string> bad(std::string_view what, const error_code& error) {
  return tl::unexpected(fmt::format("{} cannot be used: {}", what, error.message()));
}

tl::expected<void, std::string> load_identity(ssl::context& context,
                                              const Credentials& credentials) {
  error_code error;
  context.use_certificate_chain(bytes_of(credentials.client_certificate), error);
  if (error) return bad("the client certificate", error);
  context.use_private_key(bytes_of(credentials.client_key), ssl::context::pem, error);
  if (error) return bad("the client key", error);
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    ERR_clear_error();
    return tl::unexpected(std::string("the client key is not the client certificate's"));
  }
  return {};
}

tl::expected<void, std::string> configure(ssl::context& context, const ClusterAccess& access,
                                          const Credentials& credentials) {
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(access.insecure_skip_tls_verify ? ssl::verify_none : ssl::verify_peer);
  error_code error;
  if (!credentials.certificate_authority.empty()) {
    context.add_certificate_authority(bytes_of(credentials.certificate_authority), error);
    if (error) return bad("the certificate authority", error);
  } else if (!access.insecure_skip_tls_verify) {
    context.set_default_verify_paths(error);
    if (error) return bad("the system's certificate authorities", error);
  }
  if (!credentials.client_certificate.empty()) return load_identity(context, credentials);
  return {};
}

// A context and what it was made of.
struct MadeContext {
  bool insecure;
  Credentials credentials;  // but the token, which is none of TLS's
  ssl::context context{ssl::context::tls_client};
};

}  // namespace

tl::expected<TlsContext, std::string> tls_context(const ClusterAccess& access,
                                                  const Credentials& credentials) {
  thread_local std::weak_ptr<MadeContext> last;
  Credentials shown = credentials;
  shown.token.clear();
  auto made = last.lock();
  const bool serves = made && made->insecure == access.insecure_skip_tls_verify &&
                      made->credentials == shown && !shown.certificate_authority.empty();
  if (!serves) {
    made = std::make_shared<MadeContext>(
        MadeContext{.insecure = access.insecure_skip_tls_verify, .credentials = std::move(shown)});
    auto configured = configure(made->context, access, credentials);
    if (!configured) return tl::unexpected(std::move(configured.error()));
    last = made;
  }
  return TlsContext(made, &made->context);
}

tl::expected<void, std::string> expect_server(SSL* connection, const ClusterAccess& access) {
  const std::string& name = expected_name(access);
  X509_VERIFY_PARAM* parameters = SSL_get0_param(connection);
  bool set = false;
  if (is_address(name)) {
    set = X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1;
  } else {
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    set = X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), name.size()) == 1 &&
          SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                   const_cast<char*>(name.c_str())) == 1;
  }
  if (set) return {};
  ERR_clear_error();
  return tl::unexpected(fmt::format("\"{}\" is no name that a certificate could carry", name));
}

std::string handshake_failure(SSL* connection, const ClusterAccess& access,
                              const std::string& error) {
  const long verdict = SSL_get_verify_result(connection);
  if (verdict == X509_V_OK) return error;
  std::string why = X509_verify_cert_error_string(verdict);
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    why += fmt::format(" (\"{}\" is not in it)", expected_name(access));
  } else if (verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
             verdict == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
             verdict == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) {
    why += " (it is not signed by the certificate authority given)";
  }
  return "the server's certificate is refused: " + why;
}

}  // namespace kube
