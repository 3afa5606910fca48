#include "tests/source_root.h"

std::filesystem::path source_root() { return KUBE_IPVS_SOURCE_ROOT; }
