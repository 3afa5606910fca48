// What a real kube-apiserver 1.36 has answered, byte for byte (tests/kube/recorded/*.http).
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "kube/http_response.h"
#include "tests/source_root.h"

namespace recorded {

// Head and body as they came over the wire.
inline std::string answer(const std::string& name) {
  std::ifstream file(source_root() / "tests/kube/recorded" / (name + ".http"), std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// The body alone, unchunked.
inline std::string body(const std::string& name) {
  std::string text = answer(name);
  // Of chunked answers, all but the watches were recorded without their chunks.
  const auto end = text.find("\r\n\r\n") + 4;
  const std::string head = text.substr(0, end);
  const bool chunked = head.find("chunked") != std::string::npos;
  if (!chunked || text.compare(end, 1, "{") == 0) return text.substr(end);
  kube::HttpResponseReader reader;
  std::string unchunked;
  EXPECT_TRUE(reader.put(text, unchunked).has_value()) << name;
  return unchunked;
}

}  // namespace recorded
