#include "kube/list_page.h"

#include "kube/drafts.h"
#include "kube/metadata_places.h"

namespace kube {
namespace {

struct EnvelopeDraft {
  std::string kind;
  std::string resource_version;
  std::string continue_token;
};

const Place<EnvelopeDraft>& envelope_place() {
  static const auto place = object<EnvelopeDraft>({
      {"kind", text<&EnvelopeDraft::kind>()},
      {"metadata", object<EnvelopeDraft>({
                       {"resourceVersion", text<&EnvelopeDraft::resource_version>()},
                       {"continue", text<&EnvelopeDraft::continue_token>()},
                   })},
  });
  return place;
}

tl::unexpected<DecodeError> refused(std::string reason) {
  return tl::unexpected(DecodeError{.id = {}, .field = {}, .reason = std::move(reason)});
}

}  // namespace

template <class T>
tl::expected<void, DecodeError> ListPageReader<T>::append(std::string_view bytes) {
  framer_.append(bytes);
  while (const auto frame = framer_.next()) {
    if (auto added = add(*frame); !added) return added;
  }
  return {};
}

template <class T>
tl::expected<void, DecodeError> ListPageReader<T>::add(const Frame& frame) {
  if (frame.kind == Frame::Kind::kGarbage) return refused("the answer is no JSON list");
  // A value that is too large or too deep arrives cut off: it cannot decode, but mostly still has a
  // name.
  auto decoded = decoder_.decode(frame.text);
  if (!decoded) {
    DecodeError error = std::move(decoded.error());
    if (frame.kind == Frame::Kind::kTooLarge) error.reason = "is too large";
    if (frame.kind == Frame::Kind::kTooDeep) error.reason = "is nested too deep";
    if (error.id.name.empty()) return tl::unexpected(std::move(error));
    page_.skipped.push_back(std::move(error));
    return {};
  }
  if (!decoded->left_out.empty()) {
    page_.left_out.push_back(
        {.id = decoded->object.metadata.id, .field = {}, .reason = std::move(decoded->left_out)});
  }
  page_.objects.push_back(std::move(decoded->object));
  return {};
}

template <class T>
tl::expected<ListPage<T>, DecodeError> ListPageReader<T>::finish() {
  if (!framer_.complete()) return refused("the answer is cut short");
  EnvelopeDraft draft;
  if (auto read = read_json(framer_.envelope(), envelope_place(), draft); !read) {
    return tl::unexpected(at({}, std::move(read.error())));
  }
  if (draft.kind != std::string(Draft<T>::kKind) + "List") {
    return refused("the answer is no " + std::string(Draft<T>::kKind) + "List");
  }
  if (draft.resource_version.empty()) return refused("the list has no resource version");
  page_.resource_version = std::move(draft.resource_version);
  page_.continue_token = std::move(draft.continue_token);
  return std::move(page_);
}

template class ListPageReader<Service>;
template class ListPageReader<EndpointSlice>;
template class ListPageReader<Node>;
template class ListPageReader<NodeAddresses>;
template class ListPageReader<ServiceCidr>;

}  // namespace kube
