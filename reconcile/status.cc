#include "reconcile/status.h"

#include "ipvs/listing.h"

namespace reconcile {

ipvs::Result<std::string> status(ipvs::Kernel& kernel) {
  return kernel.observe().map([](const ipvs::Observation& observation) {
    return ipvs::listing(observation.info, observation.virtual_servers);
  });
}

}  // namespace reconcile
