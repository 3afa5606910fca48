// What an API server says instead of an answer, in kube-apiserver 1.36's words. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "tests/fakes/api_server/request.h"

namespace fakes {

// The request bears no credential that is known.
[[nodiscard]] std::string unauthorized();
// The one who asks is known, and may not.
[[nodiscard]] std::string forbidden(const Request& request);
[[nodiscard]] std::string not_found(const Request& request);

// A list of a version that is still to come.
[[nodiscard]] std::string version_too_large(std::uint64_t asked, std::uint64_t current);
[[nodiscard]] std::string bad_continue_token();
// The history that the token belongs to is compacted.
[[nodiscard]] std::string expired_continue_token();
// A streaming list has to say resourceVersionMatch=NotOlderThan.
[[nodiscard]] std::string streaming_list_without_match();

// The Status of an ERROR event: a watch from a version whose history is compacted.
[[nodiscard]] std::string version_too_old(std::uint64_t asked, std::uint64_t current);

}  // namespace fakes
