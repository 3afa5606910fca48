// kube-ipvs get, explain and release-brake: what a running agent knows, and one word to it, over
// its control socket.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "reconcile/command.h"
#include "reconcile/control_client.h"

namespace reconcile {
namespace {

constexpr auto kWatchPeriod = std::chrono::seconds(1);

struct GetOptions {
  std::string what;
  std::string namespace_name = "default";
  std::string output;
  std::string socket = default_control_socket();
  bool all = false;
  bool no_headers = false;
  bool watch = false;
};

struct ExplainOptions {
  std::string service;
  std::string endpoint;
  std::string from;
  std::string socket = default_control_socket();
};

int show(const std::string& socket, const std::string& target) {
  const auto answer = ask_agent(socket, target);
  if (!answer) return complain(answer.error()), kFailed;
  print(*answer);
  return kDone;
}

// Prints the answer whenever it is another one, until interrupted.
int follow(const std::string& socket, const std::string& target) {
  std::string shown;
  while (true) {
    const auto answer = ask_agent(socket, target);
    if (!answer) return complain(answer.error()), kFailed;
    if (*answer != shown) print(*answer);
    shown = *answer;
    std::fflush(stdout);
    std::this_thread::sleep_for(kWatchPeriod);
  }
}

int get(const GetOptions& options) {
  const auto target = fmt::format("/get/{}?namespace={}&output={}{}", options.what,
                                  options.all ? "" : query_safe(options.namespace_name),
                                  options.output, options.no_headers ? "&headers=no" : "");
  return options.watch ? follow(options.socket, target) : show(options.socket, target);
}

int explain_service(const ExplainOptions& options) {
  return show(options.socket,
              fmt::format("/explain?service={}&endpoint={}&from={}", query_safe(options.service),
                          query_safe(options.endpoint), query_safe(options.from)));
}

}  // namespace

void add_release_brake_command(CLI::App& app, Action& chosen) {
  auto* command =
      add_subcommand(app, "release-brake",
                     "Have the agent believe a list that takes much away, without a second one");
  command->footer(
      "A list of the API server from which most Services or endpoints are missing is held until a\n"
      "second one agrees. 'kube-ipvs get watches' shows whether one is. Exit code 1: none is.\n\n"
      "Example:\n"
      "  kube-ipvs release-brake\n");
  const auto socket = std::make_shared<std::string>(default_control_socket());
  command->add_option("--control-socket", *socket, "The agent's")->capture_default_str();
  command->callback(
      [socket, &chosen] { chosen = [socket] { return show(*socket, "/release-brake"); }; });
}

void add_get_command(CLI::App& app, Action& chosen) {
  auto* command = add_subcommand(app, "get", "Show what the agent on this node has decided");
  command->footer(
      "Examples:\n"
      "  kube-ipvs get services -A\n"
      "  kube-ipvs get endpoints -n shop -o json\n"
      "  kube-ipvs get drains -A -w\n"
      "  kube-ipvs get watches -o wide\n"
      "  kube-ipvs get agent\n");
  const auto options = std::make_shared<GetOptions>();
  command
      ->add_option("WHAT", options->what, "services, endpoints, drains, foreign, watches or agent")
      ->required()
      ->check(CLI::IsMember({"services", "endpoints", "drains", "foreign", "watches", "agent"}));
  command->add_option("-n,--namespace", options->namespace_name, "Of these Services")
      ->capture_default_str();
  command->add_flag("-A,--all-namespaces", options->all, "Of all Services");
  command->add_option("-o,--output", options->output, "Another form")
      ->check(CLI::IsMember({"wide", "json", "yaml"}));
  command->add_flag("--no-headers", options->no_headers, "Without the heading");
  command->add_flag("-w,--watch", options->watch, "Again at each change, until interrupted");
  command->add_option("--control-socket", options->socket, "The agent's")->capture_default_str();
  command->callback([options, &chosen] { chosen = [options] { return get(*options); }; });
}

void add_explain_command(CLI::App& app, Action& chosen) {
  auto* command = add_subcommand(
      app, "explain", "Say for each endpoint of a Service whether this node uses it, and why not");
  command->footer(
      "Examples:\n"
      "  kube-ipvs explain default/web\n"
      "  kube-ipvs explain default/web:http --endpoint 10.244.1.5\n"
      "  kube-ipvs explain default/web --from 192.168.1.20\n");
  const auto options = std::make_shared<ExplainOptions>();
  command->add_option("NAMESPACE/NAME[:PORT]", options->service, "The Service")->required();
  command->add_option("--endpoint", options->endpoint, "Only this endpoint")->type_name("ADDRESS");
  command->add_option("--from", options->from, "And what becomes of this client's packets")
      ->type_name("ADDRESS");
  command->add_option("--control-socket", options->socket, "The agent's")->capture_default_str();
  command->callback(
      [options, &chosen] { chosen = [options] { return explain_service(*options); }; });
}

}  // namespace reconcile
