#include "ipvs/message_batch.h"

namespace ipvs {

void MessageBatch::begin(std::uint16_t type, std::uint16_t flags) {
  starts_.push_back(used_);
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
  put_header(header);
}

void MessageBatch::end() {
  const auto length = static_cast<std::uint32_t>(used_ - starts_.back());
  message(starts_.size() - 1).nlmsg_len = length;
}

void MessageBatch::put_text(std::uint16_t type, std::string_view text) {
  const auto size = text.size() + 1;
  char* at = room(NLA_HDRLEN + padded(size));
  const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + size), type};
  fill(at, &header, sizeof header);
  std::memset(at + NLA_HDRLEN, 0, padded(size));
  text.copy(at + NLA_HDRLEN, text.size());
}

std::size_t MessageBatch::begin_nest(std::uint16_t type) {
  const auto nest = used_;
  put_header(nlattr{0, static_cast<std::uint16_t>(type | NLA_F_NESTED)});
  return nest;
}

void MessageBatch::end_nest(std::size_t nest) {
  const auto length = static_cast<std::uint16_t>(used_ - nest);
  std::memcpy(bytes_.data() + nest + offsetof(nlattr, nla_len), &length, sizeof length);
}

nlmsghdr& MessageBatch::message(std::size_t index) {
  return *reinterpret_cast<nlmsghdr*>(bytes_.data() + starts_[index]);
}

void MessageBatch::clear() {
  used_ = 0;
  starts_.clear();
}

}  // namespace ipvs
