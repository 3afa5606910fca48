#include "reconcile/agent_flags.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "reconcile/config_checks.h"

namespace reconcile {
namespace {

constexpr std::string_view kConfigFlag = "config";

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string type_name(const ConfigField& field) {
  if (field.flag == kConfigFlag || field.flag == "kubeconfig") return "FILE";
  switch (field.kind) {
    case FieldKind::kInteger:
      return "NUMBER";
    case FieldKind::kDuration:
      return "DURATION";
    case FieldKind::kList:
      return "LIST";
    case FieldKind::kGates:
      return "GATE=BOOL,...";
    case FieldKind::kText:
    case FieldKind::kBool:
      break;
  }
  return "TEXT";
}

std::string description(const ConfigField& field) {
  if (field.support == Support::kHonoured) return std::string(field.text);
  const auto* how = field.support == Support::kRefused ? "Refused" : "Without effect";
  return fmt::format("{}: {}", how, field.text);
}

void add_switch(CLI::App& app, const std::string& names, const ConfigField& field,
                GivenFlags& given) {
  app.add_flag_function(
      names,
      [&field, &given](std::int64_t count) {
        given.push_back({&field, count > 0 ? "true" : "false"});
      },
      description(field));
}

void add_value(CLI::App& app, const std::string& names, const ConfigField& field,
               GivenFlags& given) {
  app.add_option_function<std::vector<std::string>>(
         names,
         [&field, &given](const std::vector<std::string>& values) {
           // Go's flags: a list grows, anything else is what was said last.
           const bool grows = field.kind == FieldKind::kList || field.kind == FieldKind::kGates;
           given.push_back(
               {&field, grows ? fmt::format("{}", fmt::join(values, ",")) : values.back()});
         },
         description(field))
      ->type_name(type_name(field))
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->default_str(field_text({}, field));
}

// The servers' default addresses are of bindAddress' family, as in kube-proxy.
void follow_bind_address(AgentConfig& config) {
  const AgentConfig defaults;
  if (config.bind_address.find(':') == std::string::npos) return;
  if (config.healthz_bind_address == defaults.healthz_bind_address) {
    config.healthz_bind_address = "[::]:10256";
  }
  if (config.metrics_bind_address == defaults.metrics_bind_address) {
    config.metrics_bind_address = "[::1]:10249";
  }
}

void complete(AgentConfig& config, const Surroundings& surroundings) {
  if (config.scheduler.empty()) config.scheduler = AgentConfig().scheduler;
  if (config.node_name.empty()) config.node_name = surroundings.node_name;
  if (config.node_name.empty()) config.node_name = lower_case(surroundings.host_name);
  follow_bind_address(config);
}

}  // namespace

void add_agent_flags(CLI::App& app, GivenFlags& given) {
  for (const auto& field : config_fields()) {
    if (field.flag.empty()) continue;
    const auto names = fmt::format("{}--{}", field.flag == "v" ? "-v," : "", field.flag);
    if (field.kind == FieldKind::kBool) {
      add_switch(app, names, field, given);
    } else {
      add_value(app, names, field, given);
    }
  }
}

std::string config_path(const GivenFlags& given) {
  for (const auto& [field, value] : given) {
    if (field->flag == kConfigFlag) return value;
  }
  return {};
}

Surroundings Surroundings::current() {
  std::array<char, 256> host{};
  const char* node = std::getenv("NODE_NAME");
  return {.node_name = node == nullptr ? "" : node,
          .host_name = gethostname(host.data(), host.size() - 1) == 0 ? host.data() : ""};
}

tl::expected<AgentConfig, std::string> resolve(const GivenFlags& given,
                                               const std::optional<ConfigFile>& file,
                                               const Surroundings& surroundings) {
  AgentConfig config = file ? file->config : AgentConfig();
  for (const auto& [field, value] : given) {
    if (field->flag == kConfigFlag) continue;
    const bool file_wins = file && !field->flag_wins && !field->path.empty();
    if (file_wins) {
      config.without_effect[fmt::format("--{}", field->flag)] =
          "the file of --config is read instead";
    } else if (const auto problem = set_field(config, *field, value)) {
      return tl::unexpected(fmt::format("--{}: {}", field->flag, *problem));
    }
  }
  complete(config, surroundings);
  return config;
}

}  // namespace reconcile
