#include "kube/gzip_reader.h"

#include <zlib.h>

#include <algorithm>
#include <new>

namespace kube {
namespace {

constexpr std::size_t kMaxPiece = std::size_t{64} << 10;
constexpr int kGzipOnly = 16 + MAX_WBITS;

}  // namespace

struct GzipReader::Inflater {
  Inflater() {
    if (inflateInit2(&stream, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
};

GzipReader::GzipReader(std::uint64_t max_text)
    : inflater_(std::make_unique<Inflater>()), text_left_(max_text) {}
GzipReader::~GzipReader() = default;

tl::expected<void, std::string> GzipReader::next(std::string_view& bytes, std::string& text) {
  text.clear();
  if (bytes.empty()) return {};
  if (done_) return tl::unexpected(std::string("bytes behind the end of the compressed text"));
  text.resize(kMaxPiece);
  z_stream& stream = inflater_->stream;
  // zlib does not write there, but knows no const.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(std::min(bytes.size(), kMaxPiece));
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(kMaxPiece);
  const uInt offered = stream.avail_in;
  const int verdict = inflate(&stream, Z_NO_FLUSH);
  bytes.remove_prefix(offered - stream.avail_in);
  text.resize(kMaxPiece - stream.avail_out);
  if (verdict != Z_OK && verdict != Z_STREAM_END && verdict != Z_BUF_ERROR) {
    return tl::unexpected(std::string("it is no gzip text: ") +
                          (stream.msg == nullptr ? "unknown" : stream.msg));
  }
  if (text.size() > text_left_) return tl::unexpected(std::string("it unfolds into too much"));
  text_left_ -= text.size();
  done_ = verdict == Z_STREAM_END;
  return {};
}

}  // namespace kube
