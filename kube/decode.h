// Bytes of one API object → the small value of objects.h; what no valid object could hold is
// refused.
//
// What is believed is stated here once: canonical addresses only (address_text.h), ports 1..65535,
// at most one cluster IP of each family, at most 1000 endpoints and 20,000 ports of a slice (the
// API server's own limits). An endpoint whose address cannot be believed is left out alone. The
// fields read, and why, are listed in kube/README.md. Pure; any thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "kube/objects.h"

namespace kube {

struct DecodeError {
  NamespacedName id;   // as far as it was known; may be empty
  std::string field;   // "spec.ports[2].port"; empty: the object as a whole
  std::string reason;  // "70000 is no port (1..65535)"

  friend bool operator==(const DecodeError&, const DecodeError&) = default;
};

// "spec.ports[2].port: 70000 is no port (1..65535)"
[[nodiscard]] std::string to_string(const DecodeError& error);

template <class T>
struct Decoded {
  T object;
  std::string left_out;  // which parts could not be believed, and why; empty: none

  friend bool operator==(const Decoded&, const Decoded&) = default;
};

template <class T>
using DecodeResult = tl::expected<Decoded<T>, DecodeError>;

template <class T>
struct Draft;

// Decodes one object after the other. What is built on the way to an object is built in the room of
// the one before, so that an object costs no more allocations than it keeps: its long strings, and
// its lists, each of its exact size. T is one of objects.h.
template <class T>
class Decoder {
 public:
  Decoder();
  ~Decoder();
  Decoder(Decoder&& other) noexcept;
  Decoder& operator=(Decoder&& other) noexcept;

  [[nodiscard]] DecodeResult<T> decode(std::string_view json);

 private:
  std::unique_ptr<Draft<T>> draft_;
};

// One object alone.
template <class T>
[[nodiscard]] DecodeResult<T> decode(std::string_view json) {
  return Decoder<T>().decode(json);
}

// What the API server answers in place of an object (meta/v1 Status).
struct Status {
  unsigned code = 0;    // as the HTTP status
  std::string reason;   // "Expired"
  std::string message;  // for a person
  std::optional<std::chrono::seconds> retry_after;
  bool version_too_large = false;  // the resource version asked for lies in this server's future

  friend bool operator==(const Status&, const Status&) = default;
};

[[nodiscard]] tl::expected<Status, DecodeError> decode_status(std::string_view json);

}  // namespace kube
