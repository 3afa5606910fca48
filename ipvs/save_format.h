// The text of `ipvsadm -S -n`, written and read: virtual servers as `-A …` lines, real servers as
// `-a …` lines. The one place that spells ipvsadm's options.
//
// As in ipvsadm, not all of a table fits: thresholds, counters and the forwarding method "local"
// (saved as -g) are lost. What fits survives a round trip. Reference: ipvsadm(8), ipvsadm-save(8).
// Pure: any thread.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "ipvs/counters.h"
#include "ipvs/names.h"

namespace ipvs {

// In ipvsadm's order; one line per entry, each with its line end. With `names` it is `ipvsadm -S`
// without -n, which parse_save_format() does not read.
[[nodiscard]] std::string to_save_format(const std::vector<ObservedVirtualServer>& table,
                                         const Names* names = nullptr);

// Why a text is no saved table.
struct ParseError {
  int line = 0;      // from 1
  std::string text;  // that line
  std::string why;

  friend bool operator==(const ParseError&, const ParseError&) = default;
};

// "line 3: <why>, in: <text>".
[[nodiscard]] std::string to_string(const ParseError& error);

// Reads what to_save_format, `ipvsadm -S -n` and (for the fields it has) to_string(Step) write.
// Empty lines, lines that start with '#' and a leading word "ipvsadm" are skipped. What a line
// leaves out has ipvsadm's default: scheduler wlc, weight 1, forwarding -g. The table is in the
// text's order.
[[nodiscard]] tl::expected<std::vector<ObservedVirtualServer>, ParseError> parse_save_format(
    std::string_view text);

// The pieces of a line. "-t 10.96.0.1:443", "-f 7 -6".
[[nodiscard]] std::string service_option(const VirtualServerId& id);
// "-r 10.244.1.2:8080".
[[nodiscard]] std::string server_option(const RealServerId& id);
// "-s rr -p 300 -M 255.255.255.0 -o -b sh-port". The family of `id` decides what -M looks like.
[[nodiscard]] std::string settings_options(const VirtualServerId& id,
                                           const VirtualServer& settings);
// "-m -w 1", "-i -w 1 --tun-type ipip".
[[nodiscard]] std::string settings_options(const RealServer& settings);

}  // namespace ipvs
