// What the agent answers to our own subcommands, over the control socket: ready texts, so that they
// say the same everywhere.
#include <fmt/format.h>

#include <iterator>

#include "ipvs/words.h"
#include "reconcile/agent_servers.h"
#include "reconcile/decision_tables.h"
#include "reconcile/duration.h"
#include "reconcile/explanation.h"
#include "reconcile/plan_text.h"
#include "reconcile/version.h"
#include "reconcile/watches.h"

namespace reconcile {
namespace {

constexpr std::string_view kGet = "/get/";

HttpResponse refused(int status, std::string why) {
  return {.status = status, .body = std::move(why) + "\n"};
}

std::optional<ipvs::Address> address_in(const std::string& text) {
  boost::system::error_code invalid;
  const auto address = boost::asio::ip::make_address(text, invalid);
  if (invalid) return std::nullopt;
  return address;
}

std::string since(const std::optional<Now>& then, TimePoint now) {
  if (!then) return "";
  return go_duration(std::chrono::duration_cast<std::chrono::seconds>(now - then->steady)) + " ago";
}

// The watch that has been silent the longest.
std::string oldest_watch(const std::vector<NamedWatch>& watches, TimePoint now) {
  auto oldest = std::chrono::seconds(0);
  for (const auto& watch : watches) {
    if (!watch.statistics->last_event) return "no " + watch.resource + " yet";
    oldest = std::max(oldest, std::chrono::duration_cast<std::chrono::seconds>(
                                  now - *watch.statistics->last_event));
  }
  return go_duration(oldest);
}

}  // namespace

HttpResponse AgentServers::answer_subcommand(const HttpRequest& request) {
  if (request.path.starts_with(kGet)) return get(request);
  if (request.path == "/explain") return explain_service(request);
  if (request.path == "/plan") return plan(request);
  if (request.path == "/names") return names();
  if (request.path == "/release-brake") return release_brake();
  return answer(request);
}

HttpResponse AgentServers::get(const HttpRequest& request) const {
  const auto what = request.path.substr(kGet.size());
  const auto now = std::chrono::steady_clock::now();
  const auto table = what == "agent" ? agent_table()
                     : what == "watches"
                         ? watch_table(watches_, now)
                         : decision_table(agent_.reconciliation(), what,
                                          query_value(request.query, "namespace"), now);
  if (!table) return plain_response(404);
  return {.body = to_text(*table, table_output(query_value(request.query, "output")),
                          query_value(request.query, "headers") != "no")};
}

HttpResponse AgentServers::explain_service(const HttpRequest& request) const {
  const auto text = query_value(request.query, "service");
  auto question = parse_question(text);
  if (!question) {
    return refused(
        400,
        fmt::format("'{}' is no Service; write it like default/web or default/web:http", text));
  }
  for (const auto& [name, place] :
       {std::pair{"endpoint", &question->endpoint}, std::pair{"from", &question->from}}) {
    const auto value = query_value(request.query, name);
    if (value.empty()) continue;
    *place = address_in(value);
    if (!*place) return refused(400, fmt::format("--{}: '{}' is no IP address", name, value));
  }
  auto answer = explain(agent_.reconciliation(), *question);
  if (!answer) {
    return refused(404, fmt::format("there is no Service {}, or it has another proxy's label; see "
                                    "'kubectl get service -A'",
                                    kube::to_string(question->service)));
  }
  return {.body = *std::move(answer)};
}

HttpResponse AgentServers::plan(const HttpRequest& request) const {
  const auto& decision = agent_.reconciliation();
  if (!decision.ready()) {
    return refused(503,
                   "the agent has not heard everything from the API server, or not read the "
                   "kernel yet; ask again");
  }
  const auto whole = whole_plan(decision, std::chrono::steady_clock::now());
  const bool script = query_value(request.query, "output") == "ipvsadm";
  return {.body = script ? plan_script(whole) : plan_text(whole, decision)};
}

// "TCP 10.96.0.1:443<tab>default/kubernetes" for each virtual server that a Service has.
HttpResponse AgentServers::names() const {
  std::string text;
  for (const auto& [name, state] : agent_.reconciliation().desired_state().services()) {
    for (const auto& server : state->virtual_servers) {
      fmt::format_to(std::back_inserter(text), "{}\t{}\n", ipvs::to_string(server.id),
                     kube::to_string(*name));
    }
  }
  return {.body = std::move(text)};
}

// The operator knows why so much has gone, and the list that is held shall be believed.
HttpResponse AgentServers::release_brake() {
  const auto released = fmt::format("{}", fmt::join(release_brakes(watches_), ", "));
  if (released.empty()) return refused(409, "no list is held: there is nothing to release");
  log_.warning("The brake is released by the operator: the next list is believed",
               {{"resources", released}});
  return {.body = "released; the next list is believed: " + released + "\n"};
}

TextTable AgentServers::agent_table() const {
  const auto now = std::chrono::steady_clock::now();
  const auto& statistics = agent_.statistics();
  const auto& decision = agent_.reconciliation();
  const auto behind = statistics.behind_since();
  const auto state =
      !behind ? "Synced"
              : "Behind " +
                    go_duration(std::chrono::duration_cast<std::chrono::seconds>(now - *behind));
  return {
      "Agent",
      {"NODE", "VERSION", "STATE", "HEALTHY", "SERVICES", "DRAINS", "FOREIGN", "LAST AUDIT",
       "REPAIRED", "OLDEST WATCH"},
      0,
      {{decision.facts().config().name, std::string(kVersion), state,
        health().healthy() ? "true" : "false", std::to_string(decision.cluster().service_count()),
        std::to_string(decision.drains().size()), std::to_string(statistics.foreign()),
        since(statistics.last_audit(), now), std::to_string(statistics.last_repairs()),
        oldest_watch(watches_, now)}}};
}

}  // namespace reconcile
