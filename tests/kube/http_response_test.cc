#include "kube/http_response.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/kube/recorded.h"

namespace kube {
namespace {

using testing::HasSubstr;

constexpr const char* kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

struct Read {
  std::string body;
  std::string error;
  bool done = false;
};

Read read_in_pieces(const std::string& answer, std::size_t size) {
  HttpResponseReader reader;
  Read read;
  for (std::size_t begin = 0; begin < answer.size() && read.error.empty(); begin += size) {
    const auto put = reader.put(std::string_view(answer).substr(begin, size), read.body);
    if (!put) read.error = put.error();
  }
  read.done = reader.done();
  return read;
}

TEST(HttpResponse, ReadsTheSameBodyHoweverTheAnswerIsCut) {
  const std::string answer = recorded::answer("watchlist-services");
  const Read whole = read_in_pieces(answer, answer.size());
  ASSERT_TRUE(whole.done) << whole.error;
  for (const std::size_t size : {1U, 2U, 3U, 7U, 100U, 4096U}) {
    const Read pieces = read_in_pieces(answer, size);
    EXPECT_TRUE(pieces.done) << size << " " << pieces.error;
    EXPECT_EQ(pieces.body, whole.body) << size;
  }
}

TEST(HttpResponse, IsNeverDoneWithoutTheLastChunk) {
  const std::string answer = std::string(kChunked) + "2\r\n{}\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < answer.size(); ++size) {
    EXPECT_FALSE(read_in_pieces(answer.substr(0, size), 1).done) << size;
  }
  EXPECT_TRUE(read_in_pieces(answer, 1).done);
}

TEST(HttpResponse, ReadsABodyWithoutAnyChunkCutAnywhere) {
  const Read read = read_in_pieces(std::string(kChunked) + "0\r\n\r\n", 1);
  EXPECT_TRUE(read.done) << read.error;
  EXPECT_EQ(read.body, "");
}

TEST(HttpResponse, RefusesABadHeadTheSameWayHoweverItIsCut) {
  const std::string bad = "HTTP/1.1 200 OK\n\r\nContent-Length: 0\r\n\r\n";
  for (const std::size_t size : {std::size_t{1}, std::size_t{20}, bad.size()}) {
    EXPECT_THAT(read_in_pieces(bad, size).error, HasSubstr("no HTTP")) << size;
    EXPECT_EQ(read_in_pieces(bad.substr(0, bad.size() - 1), size).error, "") << size;
  }
}

TEST(HttpResponse, RefusesAtOnceWhatIsNoHttp) {
  EXPECT_THAT(read_in_pieces("SSH-2.0-OpenSSH", 1).error, HasSubstr("does not begin with HTTP/1"));
  EXPECT_THAT(read_in_pieces(std::string("\x15\x03\x03", 3), 3).error, HasSubstr("HTTP/1"));
}

TEST(HttpResponse, KeepsStatusLocationAndRetryAfter) {
  HttpResponseReader reader;
  std::string body;
  ASSERT_TRUE(
      reader.put("HTTP/1.1 429 Too Many\r\nRetry-After: 5\r\nLocation: https://evil/\r\n"
                 "Content-Length: 0\r\n\r\n",
                 body));
  EXPECT_EQ(reader.head().status, 429U);
  EXPECT_EQ(reader.head().retry_after, std::chrono::seconds(5));
  EXPECT_EQ(reader.head().location, "https://evil/");
  EXPECT_TRUE(reader.keep_alive());
}

TEST(HttpResponse, RefusesWhatNoApiServerSends) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = kChunked;
  for (const auto& [answer, why] : std::initializer_list<std::pair<std::string, const char*>>{
           {"HTTP/1.1 100 Continue\r\n\r\n", "interim answer"},
           {ok + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", "Content-Encoding"},
           {ok + "\r\n{}", "neither a length nor chunks"},
           {chunked + "2;name=value\r\n{}\r\n", "chunk with extensions"},
           {chunked + "0\r\nTrailer: x\r\n\r\n", "trailers"},
           {chunked + "zz\r\n", "chunk without a size"},
           {chunked + "ffffffffffffffff\r\n", "believable size"},
           {chunked + "2\r\n{}xx", "does not end where it said"},
           {"<html>hello</html>\r\n\r\n", "no HTTP"},
           {ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n", "no HTTP"}}) {
    for (const std::size_t size : {1U, 1000U}) {
      EXPECT_THAT(read_in_pieces(answer, size).error, HasSubstr(why)) << answer;
    }
  }
}

TEST(HttpResponse, RefusesHeadersAndChunkHeadersWithoutEnd) {
  const std::string header = "HTTP/1.1 200 OK\r\nX: " + std::string(1'000'000, 'x');
  EXPECT_NE(read_in_pieces(header, 16384).error, "");
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int index = 0; index < 100'000; ++index) many += "X: y\r\n";
  EXPECT_NE(read_in_pieces(many, 16384).error, "");
  const std::string chunk_header = kChunked + std::string(1'000'000, '0');
  EXPECT_NE(read_in_pieces(chunk_header, 16384).error, "");
}

}  // namespace
}  // namespace kube
