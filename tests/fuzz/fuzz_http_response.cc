// The bytes of an HTTP answer: head, length or chunks. Wherever they are cut, status, headers, body
// and verdict are the same, and no answer has more body than it has bytes.
#include "kube/http_response.h"
#include "tests/fuzz/cut.h"

namespace {

struct Answer {
  bool refused = false;
  bool head_done = false;
  bool done = false;
  bool keep_alive = false;
  unsigned status = 0;
  bool gzip = false;
  std::optional<std::chrono::seconds> retry_after;
  std::string location;
  std::string body;

  friend bool operator==(const Answer&, const Answer&) = default;
};

Answer answer_to(const fuzz::Pieces& pieces) {
  kube::HttpResponseReader reader(/*gzip_asked=*/true);
  Answer answer;
  for (const auto piece : pieces) {
    if (!reader.put(piece, answer.body)) {
      answer.refused = true;
      break;
    }
  }
  answer.head_done = reader.head_done();
  if (answer.refused || !answer.head_done) return answer;
  answer.done = reader.done();
  answer.keep_alive = answer.done && reader.keep_alive();
  answer.status = reader.head().status;
  answer.gzip = reader.head().gzip;
  answer.retry_after = reader.head().retry_after;
  answer.location = reader.head().location;
  return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Cut cut(data, size);
  const Answer answer = fuzz::same_however_cut(cut, answer_to);
  fuzz::require(answer.body.size() <= cut.bytes.size());
  fuzz::require(!answer.retry_after || answer.retry_after->count() <= 3600);
  return 0;
}
