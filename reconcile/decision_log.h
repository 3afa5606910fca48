// What the log says of a decision that was carried out: what was programmed, repaired, refused, and
// what of a Service's wishes is not done. A thing that repeats is folded. Thread: io.
#pragma once

#include <chrono>

#include "reconcile/apply.h"
#include "reconcile/log.h"
#include "reconcile/reconciliation.h"
#include "reconcile/repeats.h"

namespace reconcile {

// One pass of the loop: what it was for, and when.
struct Pass {
  bool audited = false;  // it followed a complete reading
  std::size_t drains_ended = 0;
  TimePoint decided{};
};

class DecisionLog {
 public:
  explicit DecisionLog(Log& log);

  // The agent was started at `time`. The first sync is done with the first pass after that of which
  // the kernel refuses nothing.
  void started(TimePoint time) { started_ = time; }
  // `written` was written for what `reconciliation` decided last; `now` is when it was done.
  void done(const Reconciliation& reconciliation, const Report& written, const Pass& pass,
            TimePoint now);

 private:
  void say_first_sync(const Reconciliation& reconciliation, TimePoint now);
  void say_audit(const Reconciliation& reconciliation, const Pass& pass, std::size_t steps,
                 TimePoint now);
  void say_refusals(const Report& written, TimePoint now);
  void say_conflicts(const Reconciliation& reconciliation, TimePoint now);
  void say_complaints(const Reconciliation& reconciliation, TimePoint now);
  void say_held(const Reconciliation& reconciliation);
  void say_services(const Reconciliation& reconciliation, std::size_t steps, TimePoint now);

  Log& log_;
  Repeats repeats_;  // of what nobody mends by the hour
  TimePoint started_{};
  bool first_sync_done_ = false;
  std::size_t first_writes_ = 0;  // until it is
  Kept::Counts held_;             // as last said
};

}  // namespace reconcile
