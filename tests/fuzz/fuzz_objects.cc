// One JSON text as each kind of object: any bytes give a value or a refusal that says why. And what
// one decoder believes, the framer takes for exactly one value, wherever the bytes are cut; and
// RapidJSON, at one byte a step, takes for JSON what it took for it at eight, and nothing else.
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <string>

#include "kube/decode.h"
#include "kube/json_framer.h"
#include "tests/fuzz/cut.h"

namespace {

std::vector<std::string> frames_of(const fuzz::Pieces& pieces) {
  kube::JsonFramer framer;
  std::vector<std::string> frames;
  for (const auto piece : pieces) {
    framer.append(piece);
    while (const auto frame = framer.next()) {
      if (frame->kind == kube::Frame::Kind::kGarbage) return {};
      frames.emplace_back(frame->text);
    }
  }
  return frames;
}

// Iterative, since it knows no limit of depth. Its stream takes a NUL byte for the end.
bool is_json(std::string_view text) {
  rapidjson::Reader reader;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::BaseReaderHandler<> nothing;
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                              rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  return !reader.Parse<kFlags>(stream, nothing).IsError() && stream.Tell() == text.size();
}

template <class Read>
void read_object(const fuzz::Cut& cut, const std::vector<std::string>& frames, Read read) {
  const auto decoded = read(cut.bytes);
  if (!decoded) {
    const std::string& reason = decoded.error().reason;
    fuzz::require(!reason.empty());
    fuzz::require(!reason.starts_with("is no JSON") || !is_json(cut.bytes));
    return;
  }
  fuzz::require(is_json(cut.bytes));
  if (frames.empty()) {  // null alone: the default of a Status, and nothing that a stream holds
    fuzz::require(read("null") == decoded);
    return;
  }
  fuzz::require(frames.size() == 1);
  fuzz::require(read(frames.front()) == decoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Cut cut(data, size);
  const auto frames = fuzz::same_however_cut(cut, frames_of);
  read_object(cut, frames, kube::decode<kube::Service>);
  read_object(cut, frames, kube::decode<kube::EndpointSlice>);
  read_object(cut, frames, kube::decode<kube::Node>);
  read_object(cut, frames, kube::decode_status);
  return 0;
}
