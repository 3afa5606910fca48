#include "kube/objects.h"

namespace kube {

std::string to_string(const NamespacedName& id) {
  return id.namespace_name.empty() ? id.name : id.namespace_name + "/" + id.name;
}

}  // namespace kube
