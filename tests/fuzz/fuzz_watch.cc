// A watch's body, in two pieces: whatever the bytes, cutting them differently gives the same
// frames.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "kube/json_framer.h"
#include "kube/objects.h"
#include "kube/watch_event.h"

namespace {

std::vector<std::string> frames_of(std::string_view first, std::string_view second) {
  kube::JsonFramer framer({.size = 4096, .depth = 16, .kept = 64});
  std::vector<std::string> frames;
  for (const auto piece : {first, second}) {
    framer.append(piece);
    while (const auto frame = framer.next()) {
      if (frame->kind == kube::Frame::Kind::kGarbage) return frames;
      frames.emplace_back(frame->text);
    }
  }
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto cut = bytes.size() * data[0] / 256;
  const auto frames = frames_of(bytes, {});
  if (frames_of(bytes.substr(0, cut), bytes.substr(cut)) != frames) std::abort();
  for (const auto& frame : frames) {
    static_cast<void>(kube::decode_watch_event<kube::Service>(frame));
    static_cast<void>(kube::decode_watch_event<kube::EndpointSlice>(frame));
    static_cast<void>(kube::decode_watch_event<kube::Node>(frame));
  }
  return 0;
}
