#include "reconcile/command_reference.h"

#include <fmt/format.h>

#include <iterator>
#include <vector>

namespace reconcile {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  const auto found = app.get_subcommands([](const CLI::App*) { return true; });
  return {found.begin(), found.end()};
}

// "--stats", "-n": what can be typed.
std::vector<std::string> spellings(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  return names;
}

std::string words_of(const CLI::App& command) {
  std::string words;
  for (const auto* option : command.get_options()) {
    for (const auto& name : spellings(*option)) words += (words.empty() ? "" : " ") + name;
  }
  for (const auto* below : commands_of(command)) words += " " + below->get_name();
  return words;
}

// For bash; zsh takes the same through bashcompinit.
std::string bash_completion(const CLI::App& app) {
  std::string cases;
  for (const auto* command : commands_of(app)) {
    fmt::format_to(std::back_inserter(cases), "    {}) words='{}' ;;\n", command->get_name(),
                   words_of(*command));
  }
  return fmt::format(
      "_kube_ipvs() {{\n"
      "  local words\n"
      "  case \"${{COMP_WORDS[1]}}\" in\n"
      "{}"
      "    *) words='{}' ;;\n"
      "  esac\n"
      "  [ \"$COMP_CWORD\" -eq 1 ] && words='{}'\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${{COMP_WORDS[COMP_CWORD]}}\")\n"
      "}}\n"
      "complete -o default -F _kube_ipvs kube-ipvs\n",
      cases, words_of(app), words_of(app));
}

std::string in_fish_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_completion(const CLI::App& app) {
  std::string text;
  const auto out = std::back_inserter(text);
  for (const auto* command : commands_of(app)) {
    fmt::format_to(out, "complete -c kube-ipvs -n __fish_use_subcommand -a {} -d {}\n",
                   command->get_name(), in_fish_quotes(command->get_description()));
    for (const auto* option : command->get_options()) {
      if (option->get_lnames().empty() && option->get_snames().empty()) continue;
      fmt::format_to(out, "complete -c kube-ipvs -n '__fish_seen_subcommand_from {}'",
                     command->get_name());
      for (const auto& name : option->get_lnames()) fmt::format_to(out, " -l {}", name);
      for (const auto& name : option->get_snames()) fmt::format_to(out, " -s {}", name);
      fmt::format_to(out, " -d {}\n", in_fish_quotes(option->get_description()));
    }
  }
  return text;
}

// roff takes a leading dot or quote for a macro, and a backslash for an escape.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) {
      out += std::string("\\&") + c;
    } else {
      out += c;
    }
  }
  return out;
}

void add_options(std::string& text, const CLI::App& command) {
  for (const auto* option : command.get_options()) {
    const auto names = spellings(*option);
    if (names.empty()) continue;
    fmt::format_to(std::back_inserter(text), ".TP\n.B {}\n{}\n",
                   roff(fmt::format("{}", fmt::join(names, ", "))),
                   roff(option->get_description()));
  }
}

void add_command(std::string& text, const CLI::App& command, const std::string& parents) {
  const auto name = parents + command.get_name();
  fmt::format_to(std::back_inserter(text), ".SS \"{}\"\n{}\n", roff(name),
                 roff(command.get_description()));
  add_options(text, command);
  if (!command.get_footer().empty()) {
    fmt::format_to(std::back_inserter(text), ".PP\n.nf\n{}\n.fi\n", roff(command.get_footer()));
  }
  for (const auto* below : commands_of(command)) add_command(text, *below, name + " ");
}

}  // namespace

std::string completion(const CLI::App& app, std::string_view shell) {
  if (shell == "fish") return fish_completion(app);
  if (shell == "bash") return bash_completion(app);
  return "#compdef kube-ipvs\nautoload -U +X bashcompinit && bashcompinit\n" + bash_completion(app);
}

std::string man_page(const CLI::App& app) {
  std::string text = fmt::format(
      ".TH KUBE-IPVS 8\n.SH NAME\nkube-ipvs \\- {}\n.SH SYNOPSIS\n.B kube-ipvs\n.I "
      "COMMAND\n[OPTIONS]\n"
      ".SH EXAMPLES\n.nf\n{}\n.fi\n.SH COMMANDS\n",
      roff(app.get_description()), roff(app.get_footer()));
  for (const auto* command : commands_of(app)) add_command(text, *command, "");
  return text;
}

}  // namespace reconcile
