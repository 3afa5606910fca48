#include "kube/api_error.h"

#include <fmt/core.h>

namespace kube {
namespace {

constexpr std::size_t kMaxShown = 512;

// The server's words, cut and without control characters.
std::string shown(std::string_view text) {
  std::string clean;
  for (const char byte : text.substr(0, kMaxShown)) {
    clean += static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f ? ' ' : byte;
  }
  return clean;
}

std::string rbac_rule(const Resource& resource) {
  const char* verbs = resource == events() ? "\"create\"" : "\"list\", \"watch\"";
  return fmt::format(
      "Add this rule to the agent's ClusterRole (the built-in system:node-proxier has it):\n"
      "  - apiGroups: [\"{}\"]\n"
      "    resources: [\"{}\"]\n"
      "    verbs: [{}]",
      resource.group, resource.plural, verbs);
}

std::string remedy_of_status(const Status& status, const Resource& resource) {
  switch (status.code) {
    case 401:
      return "The token or client certificate is not accepted: check that it is of this cluster "
             "and has not expired. It is read again for every new connection.";
    case 403:
      return rbac_rule(resource);
    case 404:
      return fmt::format(
          "Check that the server address is a Kubernetes API server of version {} or later.",
          resource.since);
    case 410:
      return "The whole state is read again.";
    case 429:
      return "The server asks for patience; it is tried again when it says.";
    default:
      break;
  }
  if (status.code >= 300 && status.code < 400) {
    return "Redirects are not followed: give the address of the API server itself.";
  }
  return status.code >= 500 ? "It is tried again; see the API server's log if this lasts." : "";
}

std::string remedy_of(const ApiError& error, const Resource& resource, std::string_view server) {
  switch (error.kind) {
    case ApiError::Kind::kCredentials:
      return "Check that the file exists and that the agent may read it.";
    case ApiError::Kind::kResolve:
      return fmt::format("Check the host name in {} and this node's resolver, or give an address.",
                         server);
    case ApiError::Kind::kRefused:
    case ApiError::Kind::kConnect:
    case ApiError::Kind::kTimeout:
    case ApiError::Kind::kHungUp:
      return fmt::format(
          "Check that the API server runs at {} and is reachable from this node; a "
          "Service address is reachable only once this agent has programmed it.",
          server);
    case ApiError::Kind::kTls:
      return "Check the certificate authority given, the certificate's names and dates (or set "
             "tls-server-name), and this node's clock.";
    case ApiError::Kind::kClosed:
    case ApiError::Kind::kProtocol:
      return fmt::format("Check that {} is the API server and what stands between.", server);
    case ApiError::Kind::kBrake:
      return "It is read again, and believed when two reads agree. If this lasts, check whether "
             "the "
             "API server's data has been restored or its answers are filtered.";
    case ApiError::Kind::kStatus:
      return remedy_of_status(error.status, resource);
    case ApiError::Kind::kStopped:
      return "";
  }
  return "";
}

std::string why_of(const ApiError& error) {
  if (error.kind != ApiError::Kind::kStatus) return shown(error.detail);
  const Status& status = error.status;
  std::string why = std::to_string(status.code);
  if (!status.reason.empty()) why += " " + shown(status.reason);
  if (!status.message.empty()) why += ": " + shown(status.message);
  if (!error.detail.empty()) why += " (" + shown(error.detail) + ")";
  return why;
}

}  // namespace

bool is_gone(const Status& status) {
  return status.code == 410 || status.reason == "Expired" || status.reason == "Gone";
}

Trouble trouble_of(const ApiError& error, std::string_view verb, const Resource& resource,
                   std::string_view server) {
  return {.what = fmt::format("cannot {} {}", verb, resource.plural),
          .why = why_of(error),
          .remedy = remedy_of(error, resource, server)};
}

}  // namespace kube
