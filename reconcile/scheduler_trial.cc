#include "reconcile/scheduler_trial.h"

#include <array>

namespace reconcile {

ipvs::Outcome try_scheduler(ipvs::Kernel& kernel, const std::string& scheduler) {
  ipvs::AddVirtualServer trial;
  trial.id.address = boost::asio::ip::make_address("192.0.2.111");
  trial.id.port = 1;
  trial.settings.scheduler = scheduler;
  const std::array<ipvs::Step, 2> steps{trial, ipvs::DeleteVirtualServer{trial.id}};
  auto outcome = kernel.write(steps).front();
  if (outcome) {
    outcome->operation = kUseScheduler;
    outcome->subject = scheduler;
  }
  return outcome;
}

}  // namespace reconcile
