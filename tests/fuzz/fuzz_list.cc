// The body of a list answer: wherever it is cut, the page or the refusal is the same, and a page
// has never more objects than bytes. The second byte of an input chooses the kind of object.
#include <string>
#include <tuple>

#include "kube/list_page.h"
#include "tests/fuzz/cut.h"

namespace {

template <class T>
tl::expected<kube::ListPage<T>, kube::DecodeError> page_of(const fuzz::Pieces& pieces) {
  kube::ListPageReader<T> reader;
  for (const auto piece : pieces) {
    if (auto taken = reader.append(piece); !taken) return tl::unexpected(taken.error());
  }
  return reader.finish();
}

template <class T>
void read_page(const fuzz::Cut& cut) {
  fuzz::same_however_cut(cut, [&](const fuzz::Pieces& pieces) {
    auto page = page_of<T>(pieces);
    kube::DecodeError refusal;
    if (!page) {
      refusal = page.error();
      page = kube::ListPage<T>{};
    }
    fuzz::require(page->objects.size() <= cut.bytes.size());
    return std::tuple(refusal, page->objects, page->skipped, page->left_out, page->resource_version,
                      page->continue_token);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const fuzz::Cut cut(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      read_page<kube::Service>(cut);
      break;
    case 1:
      read_page<kube::EndpointSlice>(cut);
      break;
    default:
      read_page<kube::Node>(cut);
      break;
  }
  return 0;
}
