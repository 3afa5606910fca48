// Takes down what a reflector tells, marks what it concerns, and wakes the loop once a batch is
// whole. Thread: io.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "kube/listener.h"
#include "reconcile/log.h"
#include "reconcile/reconciliation.h"
#include "reconcile/repeats.h"

namespace reconcile {

// T is one of kube/objects.h.
template <class T>
class Intake final : public kube::Listener<T> {
 public:
  // `missed`: what the node does worse without these objects, if it can do without them.
  Intake(std::string plural, Reconciliation& reconciliation, Repeats& repeats, Log& log,
         std::function<void()> wake, std::string missed = "")
      : plural_(std::move(plural)),
        missed_(std::move(missed)),
        reconciliation_(reconciliation),
        repeats_(repeats),
        log_(log),
        wake_(std::move(wake)) {}

  void replaced(kube::ObjectList<T> objects) override {
    log_.info(1, "Listed", {{"kind", plural_}, {"count", objects.size()}});
    reconciliation_.replaced(std::move(objects), doubtful_, now());
  }

  void changed(T object) override { reconciliation_.changed(std::move(object), now()); }

  void deleted(const kube::NamespacedName& id) override {
    reconciliation_.template deleted<T>(id, now());
  }

  void skipped(const kube::NamespacedName& id, std::string_view reason) override {
    doubtful_.insert(id);
    if (!repeats_.note(plural_ + " " + kube::to_string(id), std::string(reason), now())) return;
    log_.warning("Object skipped; what was known of it still holds",
                 {{"kind", plural_}, {"object", kube::to_string(id)}, {"reason", reason}});
  }

  void troubled(const kube::Trouble& trouble) override {
    const auto silent = repeats_.note(plural_, trouble.what + trouble.why, now());
    if (!silent) return;
    if (!missed_.empty()) {
      return log_.warning(trouble.what, {{"reason", trouble.why},
                                         {"remedy", trouble.remedy},
                                         {"missed", missed_},
                                         {"repeated", *silent}});
    }
    log_.error(trouble.what,
               {{"reason", trouble.why}, {"remedy", trouble.remedy}, {"repeated", *silent}});
  }

  void settled() override {
    doubtful_.clear();
    if (repeats_.clear(plural_)) log_.info(1, "Watching again", {{"kind", plural_}});
    wake_();
  }

 private:
  static TimePoint now() { return std::chrono::steady_clock::now(); }

  std::string plural_;
  std::string missed_;
  Reconciliation& reconciliation_;
  Repeats& repeats_;
  Log& log_;
  std::function<void()> wake_;
  std::set<kube::NamespacedName> doubtful_;  // skipped in this batch: not absent, only not believed
};

}  // namespace reconcile
