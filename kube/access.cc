#include "kube/access.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>

namespace kube {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;

// Closes a file descriptor at the end of its scope.
struct File {
  explicit File(const std::string& path) : descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (descriptor >= 0) ::close(descriptor);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int descriptor;
};

tl::unexpected<std::string> cannot_read(const std::string& path, std::string_view why) {
  return tl::unexpected(fmt::format("cannot read {}: {}", path, why));
}

std::string errno_text() { return std::generic_category().message(errno); }

tl::expected<std::string, std::string> read_source(const CredentialSource& source) {
  if (!source.data.empty() || source.file.empty()) return source.data;
  return read_file(source.file).and_then([&](std::string text) {
    return text.empty()
               ? tl::expected<std::string, std::string>(tl::unexpected(source.file + " is empty"))
               : std::move(text);
  });
}

// A token becomes part of a header line, so it must not be able to end one.
tl::expected<std::string, std::string> read_token(const CredentialSource& source) {
  auto token = read_source(source);
  if (!token) return token;
  const auto begin = token->find_first_not_of(" \r\n\t");
  if (begin == std::string::npos) {
    if (source.empty()) return std::string();
    return tl::unexpected(std::string("the token is blank"));
  }
  std::string trimmed = token->substr(begin, token->find_last_not_of(" \r\n\t") - begin + 1);
  const auto is_odd = [](char byte) { return byte <= ' ' || byte >= 0x7f; };
  if (std::any_of(trimmed.begin(), trimmed.end(), is_odd)) {
    return tl::unexpected(std::string("the token contains characters that no token has"));
  }
  return trimmed;
}

tl::expected<std::uint16_t, std::string> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return tl::unexpected(fmt::format("\"{}\" is no port (1..65535)", text));
  }
  return port;
}

}  // namespace

std::string ClusterAccess::url() const {
  const bool brackets = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}{}", tls ? "https" : "http", brackets ? "[" : "", host,
                     brackets ? "]" : "", port, path_prefix);
}

tl::expected<void, std::string> set_server(ClusterAccess& access, std::string_view url) {
  constexpr std::string_view kHttps = "https://";
  constexpr std::string_view kHttp = "http://";
  if (url.starts_with(kHttps)) {
    url.remove_prefix(kHttps.size());
    access.tls = true;
  } else if (url.starts_with(kHttp)) {
    url.remove_prefix(kHttp.size());
    access.tls = false;
  } else {
    return tl::unexpected(fmt::format("\"{}\" does not begin with https://", url.substr(0, 64)));
  }
  const auto odd = [](char byte) { return byte <= ' ' || byte >= 0x7f || byte == '@'; };
  if (std::any_of(url.begin(), url.end(), odd) || url.find_first_of("?#") != url.npos) {
    return tl::unexpected(std::string("it contains characters that no server address has"));
  }
  const auto slash = url.find('/');
  access.path_prefix = slash == url.npos ? "" : std::string(url.substr(slash));
  while (access.path_prefix.ends_with('/')) access.path_prefix.pop_back();
  std::string_view authority = url.substr(0, slash);
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto bracket = authority.find(']');
    if (bracket == authority.npos) return tl::unexpected(std::string("a \"]\" is missing"));
    port = authority.substr(bracket + 1);
    authority = authority.substr(1, bracket - 1);
    if (!port.empty() && port.front() != ':') {
      return tl::unexpected(std::string("something other than \":port\" follows the \"]\""));
    }
  } else if (const auto colon = authority.rfind(':'); colon != authority.npos) {
    port = authority.substr(colon);
    authority = authority.substr(0, colon);
  }
  if (authority.empty()) return tl::unexpected(std::string("the host is missing"));
  access.host = authority;
  access.port = access.tls ? 443 : 80;
  if (port.empty()) return {};
  const auto parsed = parse_port(port.substr(1));
  if (!parsed) return tl::unexpected(parsed.error());
  access.port = *parsed;
  return {};
}

tl::expected<Credentials, std::string> read_credentials(const ClusterAccess& access) {
  if (!access.tls) return Credentials{};  // nothing of it may travel in the clear
  auto authority = read_source(access.certificate_authority);
  if (!authority) return tl::unexpected(authority.error());
  auto certificate = read_source(access.client_certificate);
  if (!certificate) return tl::unexpected(certificate.error());
  auto key = read_source(access.client_key);
  if (!key) return tl::unexpected(key.error());
  auto token = read_token(access.token);
  if (!token) return tl::unexpected(token.error());
  return Credentials{.certificate_authority = std::move(*authority),
                     .client_certificate = std::move(*certificate),
                     .client_key = std::move(*key),
                     .token = std::move(*token)};
}

tl::expected<std::string, std::string> read_file(const std::string& path) {
  const File file(path);
  if (file.descriptor < 0) return cannot_read(path, errno_text());
  struct stat status {};
  if (::fstat(file.descriptor, &status) != 0) return cannot_read(path, errno_text());
  if (S_ISDIR(status.st_mode)) return cannot_read(path, "it is a folder");
  std::string text;
  std::array<char, 16384> piece{};
  while (true) {
    const ssize_t size = ::read(file.descriptor, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return cannot_read(path, errno_text());
    if (size == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(size));
    if (text.size() > kMaxFile) return cannot_read(path, "it is larger than 1 MiB");
  }
}

}  // namespace kube
