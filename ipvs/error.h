// What can go wrong at the kernel door: an errno, with the operation and the subject it befell.
//
// An Error is evidence of nothing but itself: in particular "absent" is only ever concluded from
// is_absent(), never from any other failure (law 1). Plain values: any thread.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace ipvs {

struct Error {
  int code = 0;           // errno, positive
  std::string operation;  // e.g. "add virtual server", "read virtual servers"
  std::string subject;    // e.g. "TCP 10.96.0.1:443"; may be empty
  std::string remedy;     // what the operator can do; may be empty

  friend bool operator==(const Error&, const Error&) = default;
};

// "cannot <operation> <subject>: <why>. <remedy>"
[[nodiscard]] std::string to_string(const Error& error);

// ENOENT, ESRCH, EADDRNOTAVAIL: what was to be changed or removed is not there.
[[nodiscard]] bool is_absent(const Error& error);
// EEXIST: what was to be added is already there.
[[nodiscard]] bool is_present(const Error& error);

template <class T>
using Result = tl::expected<T, Error>;

}  // namespace ipvs
