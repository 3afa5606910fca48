#include "reconcile/listing_arguments.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <set>
#include <string_view>

#include "reconcile/did_you_mean.h"
#include "reconcile/status_options.h"

namespace reconcile {
namespace {

using ipvs::ListingFormat;
using ipvs::Protocol;
using ipvs::VirtualServerId;
using Problem = std::optional<ListingUsage>;

constexpr int kRuleBroken = 2;
constexpr int kNotUnderstood = 255;
constexpr const char* kTryHelp = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n";

enum class Value : std::uint8_t { kNone, kOne, kMaybeOne };

// An option of ipvsadm. `kind` is what its messages call it; options of one kind exclude each
// other.
struct Option {
  std::string_view name;
  char short_name;
  std::string_view kind;
  Value value = Value::kNone;
  bool lists = false;  // has a meaning in a listing
};

constexpr std::array kOptions = {
    Option{"tcp-service", 't', "service-address", Value::kOne, true},
    Option{"udp-service", 'u', "service-address", Value::kOne, true},
    Option{"sctp-service", 0, "service-address", Value::kOne, true},
    Option{"fwmark-service", 'f', "service-address", Value::kOne, true},
    Option{"ipv6", '6', "ipv6", Value::kNone, true},
    Option{"connection", 'c', "connection", Value::kNone, true},
    Option{"timeout", 0, "timeout", Value::kNone, true},
    Option{"daemon", 0, "daemon", Value::kNone, true},
    Option{"stats", 0, "stats", Value::kNone, true},
    Option{"rate", 0, "rate", Value::kNone, true},
    Option{"thresholds", 0, "thresholds", Value::kNone, true},
    Option{"persistent-conn", 0, "persistent-conn", Value::kNone, true},
    Option{"tun-info", 0, "tun-info", Value::kNone, true},
    Option{"exact", 'X', "exact", Value::kNone, true},
    Option{"nosort", 0, "nosort", Value::kNone, true},
    Option{"sort", 0, "sort", Value::kNone, true},
    Option{"numeric", 'n', "numeric", Value::kNone, true},
    Option{"syncid", 0, "syncid", Value::kOne, true},
    Option{"scheduler", 's', "scheduler", Value::kOne},
    Option{"persistent", 'p', "persistent", Value::kMaybeOne},
    Option{"netmask", 'M', "netmask", Value::kOne},
    Option{"real-server", 'r', "real-server", Value::kOne},
    Option{"gatewaying", 'g', "forwarding-method"},
    Option{"ipip", 'i', "forwarding-method"},
    Option{"masquerading", 'm', "forwarding-method"},
    Option{"weight", 'w', "weight", Value::kOne},
    Option{"u-threshold", 'x', "u-threshold", Value::kOne},
    Option{"l-threshold", 'y', "l-threshold", Value::kOne},
    Option{"mcast-interface", 0, "mcast-interface", Value::kOne},
    Option{"ops", 'o', "ops"},
    Option{"sched-flags", 'b', "sched-flags", Value::kOne},
    Option{"pe", 0, "pe", Value::kOne},
    Option{"tun-type", 0, "tun-type", Value::kOne},
};

// What `status` has beside them; see the table of its help below.
constexpr std::array kOwnOptions = {
    Option{"names", 0, "names", Value::kNone, true},
    Option{"foreign", 0, "foreign", Value::kNone, true},
    Option{"watch", 'w', "watch", Value::kNone, true},
    Option{"output", 'o', "output", Value::kOne, true},
};

enum class Command : std::uint8_t { kList, kSave };

constexpr std::string_view word(Command command) {
  return command == Command::kList ? "list" : "save";
}

Problem broken(std::string text) { return ListingUsage{std::move(text) + "\n", kRuleBroken}; }

struct Taken {
  const Option* option;
  std::string value;
};

// Reads words into a ListingRequest.
class Arguments {
 public:
  Arguments(Command command, std::string bundle, std::span<const Option> own,
            const PortLookup& port_of)
      : command_(command), own_(own), port_of_(port_of), bundle_(std::move(bundle)) {}

  // Splits "-nc" and "--stats" into options with their values.
  Problem take(std::deque<std::string> words);
  Problem check() const;
  tl::expected<ListingRequest, ListingUsage> request();

 private:
  Problem take_long(const std::string& word, std::deque<std::string>& words);
  Problem take_short(const std::string& word, std::deque<std::string>& words);
  Problem take_option(const std::string& word, const Option* option, std::string value,
                      bool has_value, std::deque<std::string>& words);
  Problem note(const Option& option, std::string value);
  Problem note_service(const Option& option, const std::string& value);
  Problem note_output(const std::string& value);
  Problem unknown(const std::string& word) const;
  [[nodiscard]] const Option* find(auto matches) const;
  [[nodiscard]] bool has(std::string_view kind) const { return kinds_.contains(kind); }
  [[nodiscard]] ListingFormat format() const;
  [[nodiscard]] ListingSubject subject() const;

  Command command_;
  std::span<const Option> own_;
  const PortLookup& port_of_;
  std::string bundle_;  // "-Lnc": the command with the options behind it
  std::set<std::string_view> kinds_;
  std::string_view illegal_;  // the first kind that has no meaning here
  ListingRequest request_;
};

const Option* Arguments::find(auto matches) const {
  if (const auto found = std::ranges::find_if(own_, matches); found != own_.end()) return &*found;
  const auto found = std::ranges::find_if(kOptions, matches);
  return found == kOptions.end() ? nullptr : &*found;
}

Problem Arguments::take(std::deque<std::string> words) {
  while (!words.empty()) {
    const auto text = words.front();
    words.pop_front();
    Problem problem;
    if (text.starts_with("--") && text.size() > 2) {
      problem = take_long(text, words);
    } else if (text.starts_with('-') && text.size() > 1) {
      problem = take_short(text, words);
    } else {
      problem = broken("unexpected argument " + text);
    }
    if (problem) return problem;
  }
  return std::nullopt;
}

Problem Arguments::take_long(const std::string& text, std::deque<std::string>& words) {
  const auto equals = std::min(text.find('='), text.size());
  const auto name = std::string_view(text).substr(2, equals - 2);
  const auto* option = find([&](const Option& known) { return known.name == name; });
  const bool has_value = equals < text.size();
  return take_option(text, option, has_value ? text.substr(equals + 1) : "", has_value, words);
}

Problem Arguments::take_short(const std::string& text, std::deque<std::string>& words) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    const auto* option = find([&](const Option& known) { return known.short_name == text[i]; });
    const bool takes = option != nullptr && option->value != Value::kNone;
    const auto value = takes ? text.substr(i + 1) : "";
    if (auto problem = take_option(text, option, value, !value.empty(), words)) return problem;
    if (takes) break;
  }
  return std::nullopt;
}

Problem Arguments::unknown(const std::string& text) const {
  if (own_.empty()) {
    const bool bundled = bundle_.size() > 2 && bundle_.substr(2) == text.substr(1);
    return ListingUsage{(bundled ? bundle_ : text) + ": unknown option\n", kNotUnderstood};
  }
  std::vector<std::string> names;
  for (const auto& option : status_options()) names.emplace_back(option.name);
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto meant = did_you_mean(text, known);
  return broken(fmt::format("kube-ipvs: status has no option {}.{} See 'kube-ipvs status --help'.",
                            text, meant.empty() ? "" : fmt::format(" Did you mean {}?", meant)));
}

Problem Arguments::take_option(const std::string& text, const Option* option, std::string value,
                               bool has_value, std::deque<std::string>& words) {
  if (option == nullptr) return unknown(text);
  if (option->value == Value::kNone && has_value) {
    return ListingUsage{text + ": option does not take an argument\n", kNotUnderstood};
  }
  if (option->value == Value::kOne && !has_value) {
    if (words.empty()) return ListingUsage{text + ": missing argument\n", kNotUnderstood};
    value = words.front();
    words.pop_front();
  }
  if (option->value == Value::kMaybeOne && !has_value && !words.empty() &&
      !words.front().starts_with('-')) {
    words.pop_front();
  }
  return note(*option, std::move(value));
}

Problem Arguments::note(const Option& option, std::string value) {
  if (option.kind == "ipv6") {
    if (!request_.only || request_.only->fwmark == 0) return broken("-6 used before -f\n");
    request_.only->address = boost::asio::ip::address_v6();
    return std::nullopt;
  }
  if (!kinds_.insert(option.kind).second) {
    return broken(fmt::format("multiple '{}' options specified", option.kind));
  }
  const bool saves = command_ == Command::kList || option.kind == "numeric";
  if ((!option.lists || !saves) && illegal_.empty()) illegal_ = option.kind;
  if (option.kind == "service-address") return note_service(option, value);
  if (option.kind == "output") return note_output(value);
  return std::nullopt;
}

Problem Arguments::note_service(const Option& option, const std::string& value) {
  if (option.name == "fwmark-service") {
    VirtualServerId id{.address = boost::asio::ip::address_v4()};
    const char* end = value.data() + value.size();
    const auto [stopped, error] = std::from_chars(value.data(), end, id.fwmark);
    if (error != std::errc() || stopped != end || id.fwmark == 0) {
      return broken(fmt::format("invalid fwmark value `{}' specified", value));
    }
    request_.only = id;
    return std::nullopt;
  }
  const auto protocol = option.name == "tcp-service"   ? Protocol::kTcp
                        : option.name == "udp-service" ? Protocol::kUdp
                                                       : Protocol::kSctp;
  request_.only = parse_service_address(value, protocol, port_of_);
  if (!request_.only) return broken("illegal virtual server address[:port] specified");
  return std::nullopt;
}

Problem Arguments::note_output(const std::string& value) {
  constexpr std::array<std::pair<std::string_view, ListingOutput>, 3> kOutputs{{
      {"wide", ListingOutput::kWide},
      {"json", ListingOutput::kJson},
      {"yaml", ListingOutput::kYaml},
  }};
  const auto* found =
      std::ranges::find(kOutputs, value, &std::pair<std::string_view, ListingOutput>::first);
  if (found == kOutputs.end()) {
    return broken(fmt::format("kube-ipvs: -o {} is none of wide, json and yaml", value));
  }
  request_.output = found->second;
  return std::nullopt;
}

// The four subjects of a listing exclude each other, and only a table has columns to choose.
Problem Arguments::check() const {
  if (!illegal_.empty()) {
    return broken(
        fmt::format("Illegal '{}' option with the '{}' command", illegal_, word(command_)));
  }
  std::string_view earlier;
  for (const std::string_view kind : {"connection", "service-address", "timeout", "daemon"}) {
    if (!has(kind)) continue;
    if (!earlier.empty()) {
      return broken(fmt::format(
          "The option '{}' conflicts with the '{}' option in the 'list' command", kind, earlier));
    }
    earlier = kind;
  }
  const bool no_table = has("connection") || has("timeout") || has("daemon");
  const bool columns = has("stats") || has("rate") || has("thresholds") ||
                       (has("persistent-conn") && !has("connection"));
  if (no_table && columns) return broken("options conflicts in the list command");
  return std::nullopt;
}

ListingFormat Arguments::format() const {
  if (has("stats")) return ListingFormat::kStats;
  if (has("rate")) return ListingFormat::kRate;
  if (has("thresholds")) return ListingFormat::kThresholds;
  if (has("persistent-conn")) return ListingFormat::kPersistentConnections;
  return has("tun-info") ? ListingFormat::kTunnelInfo : ListingFormat::kDefault;
}

ListingSubject Arguments::subject() const {
  if (command_ == Command::kSave) return ListingSubject::kSaved;
  if (has("connection")) return ListingSubject::kConnections;
  if (has("timeout")) return ListingSubject::kTimeouts;
  return has("daemon") ? ListingSubject::kDaemons : ListingSubject::kTable;
}

tl::expected<ListingRequest, ListingUsage> Arguments::request() {
  if (auto problem = check()) return tl::unexpected(*problem);
  request_.subject = subject();
  request_.format = format();
  request_.numeric = has("numeric");
  request_.exact = has("exact");
  request_.sorted = !has("nosort");
  request_.persistence_engine = has("persistent-conn");
  request_.names = has("names") || request_.output == ListingOutput::kWide;
  request_.foreign = has("foreign");
  request_.watch = has("watch");
  return request_;
}

// The command at the front, if it is one that lists, and the words without it.
struct Head {
  Command command;
  std::string word;
  std::deque<std::string> rest;
};

std::optional<Head> head_of(const std::vector<std::string>& arguments) {
  const std::deque<std::string> all(arguments.begin(), arguments.end());
  if (all.empty()) return Head{Command::kList, {}, {}};
  const auto& first = all.front();
  std::deque<std::string> rest(all.begin() + 1, all.end());
  if (first == "--list") return Head{Command::kList, first, rest};
  if (first == "--save") return Head{Command::kSave, first, rest};
  if (first.size() < 2 || first[0] != '-') return std::nullopt;
  const bool lists = first[1] == 'L' || first[1] == 'l';
  if (!lists && first[1] != 'S') return std::nullopt;
  if (first.size() > 2) rest.push_front("-" + first.substr(2));
  return Head{lists ? Command::kList : Command::kSave, first, rest};
}

bool is_other_command(const std::string& text) {
  constexpr std::string_view kShort = "AEDCRaedZ";
  if (text.starts_with("--")) {
    for (const auto* name : {"--add-service", "--edit-service", "--delete-service", "--clear",
                             "--restore", "--add-server", "--edit-server", "--delete-server",
                             "--zero", "--set", "--start-daemon", "--stop-daemon"}) {
      if (text == name) return true;
    }
    return false;
  }
  return text.size() > 1 && text[0] == '-' && kShort.find(text[1]) != std::string_view::npos;
}

// Words that would be a command anywhere but in front: "invalid option `-Z'".
Problem second_command(const std::deque<std::string>& words) {
  for (const auto& text : words) {
    if (is_other_command(text) || text == "-L" || text == "-l" || text == "-S") {
      return broken(fmt::format("invalid option `{}'", text));
    }
  }
  return std::nullopt;
}

std::string ipvsadm_help() {
  return "kube-ipvs as ipvsadm: lists and saves the table; changes are the agent's, or the real "
         "ipvsadm's.\n"
         "Usage:\n"
         "  ipvsadm -L|-l [options]\n"
         "  ipvsadm -S [-n]\n"
         "See 'kube-ipvs status --help' for the options.\n";
}

}  // namespace

tl::expected<ListingRequest, ListingUsage> parse_ipvsadm_arguments(
    const std::vector<std::string>& arguments, const PortLookup& port_of) {
  if (!arguments.empty() && (arguments[0] == "-h" || arguments[0] == "--help")) {
    return tl::unexpected(ListingUsage{ipvsadm_help(), 0});
  }
  const auto head = head_of(arguments);
  if (!head) {
    if (!is_other_command(arguments[0]))
      return tl::unexpected(ListingUsage{kTryHelp, kNotUnderstood});
    return tl::unexpected(*broken(
        fmt::format("kube-ipvs only lists: '{}' is for the real ipvsadm, and undone by the agent",
                    arguments[0])));
  }
  if (const auto problem = second_command(head->rest)) return tl::unexpected(*problem);
  Arguments read(head->command, head->word, {}, port_of);
  if (const auto problem = read.take(head->rest)) return tl::unexpected(*problem);
  return read.request();
}

tl::expected<ListingRequest, ListingUsage> parse_status_arguments(
    const std::vector<std::string>& arguments, const PortLookup& port_of) {
  const auto head = head_of(arguments);
  const std::deque<std::string> all(arguments.begin(), arguments.end());
  Arguments read(head ? head->command : Command::kList, {}, kOwnOptions, port_of);
  if (const auto problem = read.take(head ? head->rest : all)) return tl::unexpected(*problem);
  auto request = read.request();
  const bool as_ipvsadm = head && !arguments.empty();
  if (request && !as_ipvsadm) request->numeric = true;
  return request;
}

}  // namespace reconcile
