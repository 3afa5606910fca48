#include "ipvs/message_batch.h"

#include <cstring>

namespace ipvs {
namespace {

constexpr std::size_t padded(std::size_t size) {
  return (size + NLA_ALIGNTO - 1) & ~std::size_t{NLA_ALIGNTO - 1};
}

}  // namespace

void MessageBatch::begin(std::uint16_t type, std::uint16_t flags) {
  starts_.push_back(bytes_.size());
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
  append(&header, sizeof header);
}

void MessageBatch::end() {
  const auto length = static_cast<std::uint32_t>(bytes_.size() - starts_.back());
  message(starts_.size() - 1).nlmsg_len = length;
}

void MessageBatch::put_bytes(std::uint16_t type, const void* data, std::size_t size) {
  const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + size), type};
  append(&header, sizeof header);
  append(data, size);
}

void MessageBatch::put_text(std::uint16_t type, std::string_view text) {
  const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + text.size() + 1), type};
  append(&header, sizeof header);
  const auto at = bytes_.size();
  bytes_.resize(at + padded(text.size() + 1));
  std::memcpy(bytes_.data() + at, text.data(), text.size());
}

std::size_t MessageBatch::begin_nest(std::uint16_t type) {
  const auto nest = bytes_.size();
  const nlattr header{0, static_cast<std::uint16_t>(type | NLA_F_NESTED)};
  append(&header, sizeof header);
  return nest;
}

void MessageBatch::end_nest(std::size_t nest) {
  const auto length = static_cast<std::uint16_t>(bytes_.size() - nest);
  std::memcpy(bytes_.data() + nest + offsetof(nlattr, nla_len), &length, sizeof length);
}

nlmsghdr& MessageBatch::message(std::size_t index) {
  return *reinterpret_cast<nlmsghdr*>(bytes_.data() + starts_[index]);
}

void MessageBatch::clear() {
  bytes_.clear();
  starts_.clear();
}

void MessageBatch::append(const void* data, std::size_t size) {
  const auto at = bytes_.size();
  bytes_.resize(at + padded(size));  // zero-filled: the padding too
  std::memcpy(bytes_.data() + at, data, size);
}

}  // namespace ipvs
