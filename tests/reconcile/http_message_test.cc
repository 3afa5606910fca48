// Requests in, responses out, byte for byte where the real kube-proxy was recorded.
#include "reconcile/http_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcile/health_check_node_ports.h"
#include "reconcile/json_text.h"
#include "tests/reconcile/kube_proxy.h"

namespace reconcile {
namespace {

using testing::HasSubstr;
using testing::Not;

// The bytes without the header that differs in every recording, and the one that is ours alone.
std::string comparable(std::string text) {
  for (const auto* header : {"Date: ", "Connection: "}) {
    const auto begin = text.find(header);
    if (begin == std::string::npos) continue;
    text.erase(begin, text.find("\r\n", begin) + 2 - begin);
  }
  return text;
}

TEST(HttpRequest, IsItsFirstLine) {
  EXPECT_EQ(parse_http_request("GET /status?names=1&x HTTP/1.1\r\nHost: a\r\n\r\n"),
            (HttpRequest{.method = "GET", .path = "/status", .query = "names=1&x"}));
  EXPECT_EQ(parse_http_request("HEAD / HTTP/1.0\r\n\r\n"),
            (HttpRequest{.method = "HEAD", .path = "/", .query = ""}));
}

TEST(HttpRequest, IsRefusedWithTheStatusThatSaysWhy) {
  const auto status = [](std::string_view head) { return parse_http_request(head).error(); };
  EXPECT_EQ(status(""), 400);
  EXPECT_EQ(status("GET\r\n\r\n"), 400);
  EXPECT_EQ(status("GET healthz HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status("GET /a b HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status("GET /\x01 HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status("\x16\x03\x01 hello there"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\n\r\n"), 405);
  EXPECT_EQ(status("GET / HTTP/2.0\r\n\r\n"), 505);
}

TEST(HttpRequest, HasValuesInItsQuery) {
  EXPECT_EQ(query_value("a=1&bb=22&c", "bb"), "22");
  EXPECT_EQ(query_value("a=1&bb=22&c", "b"), "");
  EXPECT_EQ(query_value("a=1&bb=22&c", "c"), "");
  EXPECT_EQ(query_value("", "a"), "");
}

TEST(HttpResponse, OfAHealthCheckNodePortIsKubeProxys) {
  const ServiceHealth lb{.namespace_name = "shop", .name = "lb", .local_endpoints = 1};
  EXPECT_EQ(comparable(to_bytes(health_check_response(lb, true), "GET", {})),
            comparable(kube_proxy::recorded("healthchecknodeport.http")));
}

TEST(HttpResponse, LeavesTheBodyOutForHead) {
  const auto text = to_bytes({.body = "ipvs"}, "HEAD", {});
  EXPECT_THAT(text, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("ipvs")));
}

TEST(HttpResponse, HasTheDateOfTheWeb) {
  EXPECT_THAT(to_bytes({}, "GET", {}), HasSubstr("Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
}

TEST(HealthCheckResponse, Is503WithoutEndpointsOrWithoutAHealthyProxy) {
  EXPECT_EQ(health_check_response({"a", "b", 0}, true).status, 503);
  EXPECT_EQ(health_check_response({"a", "b", 2}, false).status, 503);
  EXPECT_EQ(health_check_response({"a", "b", 2}, true).status, 200);
}

TEST(JsonString, EscapesWhatJsonDoes) {
  EXPECT_EQ(json_string("a\"\\\n\t\x01\x7f"), "\"a\\\"\\\\\\n\\t\\u0001\\u007f\"");
  EXPECT_EQ(json_string("gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7"),
            "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7\"");
}

TEST(JsonString, ReplacesWhatIsNoUtf8) {
  const std::string bad = "\"\xef\xbf\xbd\"";
  EXPECT_EQ(json_string("\xff"), bad);
  EXPECT_EQ(json_string("\xc3"), bad);
  EXPECT_EQ(json_string("\xc0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\"") << "overlong";
  EXPECT_EQ(json_string("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"") << "surrogate";
}

}  // namespace
}  // namespace reconcile
