// Reading netlink attributes that the kernel sent: a thin, length-checked layer over libnl's
// nla_parse().
//
// An attribute that is absent or too short reads as zero; what must be there is asked for with
// has(). The views point into the received message and live as long as it does. Thread: one at a
// time.
#pragma once

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace ipvs {

// The attributes of one nest or message, by type, up to `Max`; types above are ignored.
template <int Max>
class Attributes {
 public:
  Attributes() = default;
  explicit Attributes(const nlattr* nest) {
    if (nest != nullptr) nla_parse(table_.data(), Max, first(nest), nla_len(nest), nullptr);
  }
  // Those after the family's own header of `header_size` bytes.
  Attributes(nlmsghdr* message, int header_size) {
    if (nlmsg_valid_hdr(message, header_size) == 0) return;
    nla_parse(table_.data(), Max, nlmsg_attrdata(message, header_size),
              nlmsg_attrlen(message, header_size), nullptr);
  }

  [[nodiscard]] bool has(int type) const { return table_.at(index(type)) != nullptr; }
  [[nodiscard]] nlattr* operator[](int type) const { return table_.at(index(type)); }

  // The attribute's bytes as a T; zero when it is absent or too short.
  template <class T>
  [[nodiscard]] T get(int type) const {
    T value{};
    const nlattr* attribute = table_.at(index(type));
    if (attribute != nullptr && static_cast<std::size_t>(nla_len(attribute)) >= sizeof value) {
      std::memcpy(&value, nla_data(attribute), sizeof value);
    }
    return value;
  }

  // An unsigned number of whatever width the kernel chose (4 or 8 bytes).
  [[nodiscard]] std::uint64_t number(int type) const {
    const nlattr* attribute = table_.at(index(type));
    const bool wide = attribute != nullptr && nla_len(attribute) >= 8;
    return wide ? get<std::uint64_t>(type) : get<std::uint32_t>(type);
  }

  [[nodiscard]] std::string text(int type) const {
    const nlattr* attribute = table_.at(index(type));
    if (attribute == nullptr) return {};
    const auto* data = static_cast<const char*>(nla_data(attribute));
    return {data, strnlen(data, static_cast<std::size_t>(nla_len(attribute)))};
  }

  [[nodiscard]] std::span<const std::uint8_t> bytes(int type) const {
    const nlattr* attribute = table_.at(index(type));
    if (attribute == nullptr) return {};
    return {static_cast<const std::uint8_t*>(nla_data(attribute)),
            static_cast<std::size_t>(nla_len(attribute))};
  }

 private:
  static std::size_t index(int type) { return static_cast<std::size_t>(type); }
  static nlattr* first(const nlattr* nest) { return static_cast<nlattr*>(nla_data(nest)); }

  std::array<nlattr*, Max + 1> table_{};
};

}  // namespace ipvs
