// The body of a list answer: any bytes give a page or an error, and never more objects than items.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kube/list_page.h"
#include "kube/objects.h"

namespace {

template <class T>
void read_page(std::string_view bytes) {
  kube::ListPageReader<T> reader;
  if (!reader.append(bytes)) return;
  const auto page = reader.finish();
  if (page && page->objects.size() > bytes.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_page<kube::Service>(bytes);
  read_page<kube::EndpointSlice>(bytes);
  return 0;
}
