// An ipvsadm -Sn text: what parses is written the same way again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ipvs/save_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto table = ipvs::parse_save_format({reinterpret_cast<const char*>(data), size});
  if (!table) return 0;
  const auto text = ipvs::to_save_format(*table);
  const auto again = ipvs::parse_save_format(text);
  if (!again || ipvs::to_save_format(*again) != text) std::abort();
  return 0;
}
