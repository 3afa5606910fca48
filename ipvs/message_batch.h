// Netlink messages built in place, one after the other, in one reused buffer.
//
// The invariant: between calls of end() and begin() the bytes are a valid sequence of netlink
// messages, as one sendmsg(2) takes them. Sequence numbers and the request for an acknowledgement
// are the Socket's, which stamps them last. Written by hand rather than with nlmsg_alloc(): 110,000
// messages cost no allocation. Truth: netlink(7), linux/netlink.h. Thread: one at a time.
#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ipvs {

class MessageBatch {
 public:
  // Starts a message; `flags` besides NLM_F_REQUEST, which is always set. Ended by end().
  void begin(std::uint16_t type, std::uint16_t flags = 0);
  void end();

  // The fixed header of the family, directly after begin(): genlmsghdr, nfgenmsg, ifaddrmsg...
  template <class T>
  void put_header(const T& header) {
    static_assert(std::is_trivially_copyable_v<T>);
    fill(room(padded(sizeof header)), &header, sizeof header);
  }

  // An attribute with the bytes of `value` as they are: byte order is the caller's affair.
  template <class T>
  void put(std::uint16_t type, const T& value) {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>);
    put_bytes(type, &value, sizeof value);
  }
  // Inline, for the sizes are known where it is called: a first sync is a million attributes.
  void put_bytes(std::uint16_t type, const void* data, std::size_t size) {
    char* at = room(NLA_HDRLEN + padded(size));
    const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + size), type};
    fill(at, &header, sizeof header);
    fill(at + NLA_HDRLEN, data, size);
  }
  void put_text(std::uint16_t type, std::string_view text);  // with its final NUL

  // An attribute of attributes: `const auto nest = begin_nest(t); put(...); end_nest(nest);`
  [[nodiscard]] std::size_t begin_nest(std::uint16_t type);
  void end_nest(std::size_t nest);

  [[nodiscard]] std::size_t size() const { return starts_.size(); }  // messages
  [[nodiscard]] std::span<const char> bytes() const { return std::span(bytes_).first(used_); }
  [[nodiscard]] nlmsghdr& message(std::size_t index);  // valid until the next begin() or clear()
  void clear();                                        // keeps the memory

 private:
  static constexpr std::size_t padded(std::size_t size) {
    return (size + NLA_ALIGNTO - 1) & ~std::size_t{NLA_ALIGNTO - 1};
  }
  // Copies `size` bytes and zeroes the padding behind them: the buffer has been used before.
  static void fill(char* at, const void* data, std::size_t size) {
    if (size > 0) std::memcpy(at, data, size);
    for (std::size_t i = size; i < padded(size); ++i) at[i] = 0;
  }
  // The next `size` bytes, to be filled. Valid until the next call.
  char* room(std::size_t size) {
    if (used_ + size > bytes_.size()) bytes_.resize(2 * bytes_.size() + size);
    return bytes_.data() + std::exchange(used_, used_ + size);
  }

  std::vector<char> bytes_;  // the first used_ bytes count
  std::size_t used_ = 0;
  std::vector<std::size_t> starts_;
};

}  // namespace ipvs
