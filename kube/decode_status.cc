#include "kube/decode.h"
#include "kube/metadata_places.h"

namespace kube {

std::string to_string(const DecodeError& error) {
  return error.field.empty() ? error.reason : error.field + ": " + error.reason;
}

tl::expected<Status, DecodeError> decode_status(std::string_view json) {
  static const Place<Status> place = status_place();
  Status status;
  if (auto read = read_json(json, place, status); !read) {
    return tl::unexpected(at({}, std::move(read.error())));
  }
  return status;
}

}  // namespace kube
