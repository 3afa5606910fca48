#include "reconcile/plan_script.h"

#include <variant>

namespace reconcile {
namespace {

constexpr auto kRestore = "ipvsadm -R <<'END'\n";
constexpr auto kLoad = "nft -f - <<'END'\n";
constexpr auto kEnd = "END\n";

// A line of `ipvsadm -R` rather than a command.
bool is_restored(const ipvs::Step& step) {
  return std::holds_alternative<ipvs::AddVirtualServer>(step) ||
         std::holds_alternative<ipvs::EditVirtualServer>(step) ||
         std::holds_alternative<ipvs::DeleteVirtualServer>(step) ||
         std::holds_alternative<ipvs::AddRealServer>(step) ||
         std::holds_alternative<ipvs::EditRealServer>(step) ||
         std::holds_alternative<ipvs::DeleteRealServer>(step);
}

class Script {
 public:
  explicit Script(const ipvs::RuleSettings& rules) : rules_(rules) {}

  void add(const std::vector<ipvs::Step>& steps) {
    for (const auto& step : steps) {
      restore(is_restored(step));
      if (std::holds_alternative<ipvs::InstallRules>(step)) {
        text_ += kLoad + ipvs::to_nft_text({}, rules_) + kEnd;
      } else {
        text_ += ipvs::to_string(step) + '\n';
      }
    }
  }

  std::string result() && {
    restore(false);
    return std::move(text_);
  }

 private:
  // Opens or closes the lines for ipvsadm.
  void restore(bool wanted) {
    if (wanted != restoring_) text_ += wanted ? kRestore : kEnd;
    restoring_ = wanted;
  }

  const ipvs::RuleSettings& rules_;
  std::string text_;
  bool restoring_ = false;
};

}  // namespace

std::string to_script(const Plan& plan, const ipvs::RuleSettings& rules) {
  Script script(rules);
  for (const auto* steps : {&plan.settings, &plan.claims, &plan.changes, &plan.releases}) {
    script.add(*steps);
  }
  return std::move(script).result();
}

}  // namespace reconcile
