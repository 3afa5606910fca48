// One JSON text as each kind of object: any bytes give a value or a refusal that says why. And what
// one decoder believes, the framer takes for exactly one value, wherever the bytes are cut, and
// RapidJSON for JSON: three readers that must not see different objects.
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

enum class Verdict { kJson, kTooBigANumber, kNoJson };

// Iterative, since it knows no limit of depth. Its stream takes a NUL byte for the end.
Verdict verdict_of_rapidjson(std::string_view text) {
  rapidjson::Reader reader;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::BaseReaderHandler<> nothing;
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  const auto result = reader.Parse<kFlags>(stream, nothing);
  if (result.Code() == rapidjson::kParseErrorNumberTooBig) return Verdict::kTooBigANumber;
  return !result.IsError() && stream.Tell() == text.size() ? Verdict::kJson : Verdict::kNoJson;
}

template <class Read>
void read_object(const fuzz::Cut& cut, const std::vector<std::string>& frames, Read read) {
  const auto decoded = read(cut.bytes);
  const Verdict verdict = verdict_of_rapidjson(cut.bytes);
  if (!decoded) {
    const std::string& reason = decoded.error().reason;
    fuzz::require(!reason.empty());
    // RapidJSON lets the second half of a surrogate pair stand alone.
    const bool no_json =
        reason.starts_with("is no JSON") && reason.find("surrogate") == std::string::npos;
    fuzz::require(!no_json || verdict != Verdict::kJson);
    return;
  }
  fuzz::require(verdict != Verdict::kNoJson);
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
