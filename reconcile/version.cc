#include "reconcile/version.h"

namespace reconcile {

const std::string_view kVersion = KUBE_IPVS_VERSION;

}  // namespace reconcile
