// The one table of settings: for each, its place in kube-proxy's KubeProxyConfiguration, its flag,
// and what this agent does with it.
//
// Flags, the file's reader, `config check`, /configz, completion and the man page all come from it.
// Source: k8s.io/kube-proxy/config/v1alpha1 and kube-proxy's flags, 1.36. Pure: any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "reconcile/agent_config.h"

namespace reconcile {

enum class FieldKind : std::uint8_t { kText, kBool, kInteger, kDuration, kList, kGates };

enum class Support : std::uint8_t {
  kHonoured,
  kWithoutEffect,  // taken, and said once
  kRefused,        // unless it has its default: what it asks for is not done here
};

// When a change of the file takes effect, while the agent runs.
enum class Effect : std::uint8_t {
  kAtOnce,
  // Who we are, where we listen and whom we ask is settled at the start; so are the rules that the
  // kernel door is opened with.
  kAtRestart,
};

// Where an AgentConfig keeps a value; monostate: nowhere.
using Place = std::variant<std::monostate, std::string*, bool*, int*, std::chrono::milliseconds*,
                           std::vector<std::string>*, DetectLocalMode*>;

struct ConfigField {
  std::string_view path;  // in the file, "ipvs.scheduler"; empty: only a flag
  std::string_view flag;  // without dashes; empty: only in the file
  FieldKind kind;
  Support support;
  std::string_view text;          // honoured: what it does; else why not, and what to do instead
  std::string_view default_text;  // what kube-proxy has; honoured fields have AgentConfig's
  Place (*place)(AgentConfig&) = nullptr;
  // What is wrong with a value; empty: nothing. May be null.
  std::string (*check)(std::string_view value) = nullptr;
  // kube-proxy lets this flag win over the file; all others it ignores beside --config.
  bool flag_wins = false;
  Effect effect = Effect::kAtOnce;
};

// Every setting, in the order in which they are shown.
[[nodiscard]] std::span<const ConfigField> config_fields();

[[nodiscard]] const ConfigField* field_at_path(std::string_view path);
[[nodiscard]] const ConfigField* field_of_flag(std::string_view flag);

// Takes `value` as a flag spells it (lists with commas, Go's durations, gates as A=true,B=false).
// Nothing: taken. Else why not; `config` is unchanged then. A field without effect is noted in
// config.without_effect unless it has its default.
[[nodiscard]] std::optional<std::string> set_field(AgentConfig& config, const ConfigField& field,
                                                   std::string_view value);

// What `config` has there, spelt as set_field() takes it; the default of fields without a place.
[[nodiscard]] std::string field_text(const AgentConfig& config, const ConfigField& field);

// "ipvs.scheduler", or "--drain-deadline" of a field that is only a flag.
[[nodiscard]] std::string field_name(const ConfigField& field);

}  // namespace reconcile
