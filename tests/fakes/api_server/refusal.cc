#include "tests/fakes/api_server/refusal.h"

#include <fmt/core.h>

#include "tests/fakes/api_server/answer.h"

namespace fakes {
namespace {

std::string verb_of(const Request& request) {
  if (request.method == "POST") return "create";
  if (request.method == "PUT") return "update";
  if (request.method == "DELETE") return "delete";
  if (request.flag("watch")) return "watch";
  return request.name.empty() ? "list" : "get";
}

std::string group_of(const Collection& collection) {
  const auto slash = collection.version.find('/');
  return std::string(collection.version.substr(0, slash == std::string::npos ? 0 : slash));
}

std::string details_of(const Request& request) {
  const std::string group = group_of(*request.collection);
  return fmt::format(R"({{{}{}"kind":"{}"}})",
                     request.name.empty() ? "" : fmt::format(R"("name":"{}",)", request.name),
                     group.empty() ? "" : fmt::format(R"("group":"{}",)", group),
                     request.collection->plural);
}

// "services", "endpointslices.discovery.k8s.io"
std::string qualified(const Collection& collection) {
  const std::string group = group_of(collection);
  return std::string(collection.plural) + (group.empty() ? "" : "." + group);
}

}  // namespace

std::string unauthorized() { return status_answer(401, "Unauthorized", "Unauthorized"); }

std::string forbidden(const Request& request) {
  const std::string subject = request.name.empty() ? "" : fmt::format(" \"{}\"", request.name);
  const std::string where = request.namespace_name.empty()
                                ? "at the cluster scope"
                                : fmt::format("in the namespace \"{}\"", request.namespace_name);
  const std::string message = fmt::format(
      "{}{} is forbidden: User \"powerless\" cannot {} resource \"{}\" in API group \"{}\" {}",
      qualified(*request.collection), subject, verb_of(request), request.collection->plural,
      group_of(*request.collection), where);
  return json_answer(403, status_json(403, "Forbidden", message, details_of(request)));
}

std::string not_found(const Request& request) {
  const std::string message =
      fmt::format("{} \"{}\" not found", qualified(*request.collection), request.name);
  return json_answer(404, status_json(404, "NotFound", message, details_of(request)));
}

std::string version_too_large(std::uint64_t asked, std::uint64_t current) {
  return json_answer(
      504,
      status_json(
          504, "Timeout",
          fmt::format("Timeout: Too large resource version: {}, current: {}", asked, current),
          R"({"causes":[{"reason":"ResourceVersionTooLarge",)"
          R"("message":"Too large resource version"}],"retryAfterSeconds":1})"),
      "Retry-After: 1\r\n");
}

std::string bad_continue_token() {
  return status_answer(400, "BadRequest",
                       "invalid continue token: continue key is not valid: invalid character 'i' "
                       "looking for beginning of value");
}

std::string expired_continue_token() {
  return status_answer(410, "Expired",
                       "The provided continue parameter is too old to display a consistent list "
                       "result. You can start a new list without the continue parameter.");
}

std::string streaming_list_without_match() {
  return status_answer(422, "Invalid",
                       "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: "
                       "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
}

std::string version_too_old(std::uint64_t asked, std::uint64_t current) {
  return status_json(410, "Expired",
                     fmt::format("too old resource version: {} ({})", asked, current));
}

}  // namespace fakes
