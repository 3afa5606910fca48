// A gzip body: wherever it is cut the text is the same, no piece is larger than 64 KiB, the whole
// no larger than its cap, and every call gets on. The second byte of an input sets the cap.
#include <string>
#include <utility>

#include "kube/gzip_reader.h"
#include "tests/fuzz/cut.h"

namespace {

constexpr std::size_t kMaxPiece = std::size_t{64} << 10;

// What an answer came to. How much of an unfinished one has come out is a matter of the cuts.
enum class Verdict { kRefused, kUnfinished, kDone };
using Answer = std::pair<Verdict, std::string>;

// Takes one piece; false: refused.
bool unfold(kube::GzipReader& reader, std::string_view piece, std::string& all, std::size_t cap) {
  std::string text;
  while (!piece.empty()) {
    const std::size_t before = piece.size();
    if (!reader.next(piece, text)) return false;
    fuzz::require(text.size() <= kMaxPiece);
    fuzz::require(piece.size() < before || !text.empty());
    all += text;
    fuzz::require(all.size() <= cap);
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t cap = std::size_t{data[0]} << 10;
  const fuzz::Cut cut(data + 1, size - 1);
  fuzz::same_however_cut(cut, [&](const fuzz::Pieces& pieces) -> Answer {
    kube::GzipReader reader(cap);
    std::string all;
    for (const auto piece : pieces) {
      if (!unfold(reader, piece, all, cap)) return {Verdict::kRefused, ""};
    }
    return reader.done() ? Answer{Verdict::kDone, all} : Answer{Verdict::kUnfinished, ""};
  });
  return 0;
}
