// Why this node does with a Service what it does, in words: for `kube-ipvs explain`. The reasons
// are the decision's own (endpoints.h, complaint.h, packet_trace.h). Pure; io.
#pragma once

#include <optional>
#include <string>

#include "reconcile/reconciliation.h"

namespace reconcile {

struct Question {
  kube::NamespacedName service;
  std::string port;                       // its name or number; empty: every port
  std::optional<ipvs::Address> endpoint;  // only this one; none: all
  std::optional<ipvs::Address> from;      // what becomes of this client's packets
};

// "NAMESPACE/NAME[:PORT]"; nothing if it is none.
[[nodiscard]] std::optional<Question> parse_question(const std::string& text);

// Lines, each with its line end. Nothing if there is no such Service.
[[nodiscard]] std::optional<std::string> explain(const Reconciliation& reconciliation,
                                                 const Question& question);

}  // namespace reconcile
