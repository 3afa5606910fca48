// The answer to a list request, read while it arrives: objects, resource version, continue token.
//
// Each item is framed and decoded alone, so that a page is never held as a whole and one bad item
// harms only itself. Nothing of a page counts before finish() has said that it is complete.
// Truth: meta/v1 List; API concepts, "Retrieving large results sets in chunks". Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "kube/decode.h"
#include "kube/json_framer.h"

namespace kube {

template <class T>
struct ListPage {
  ObjectList<T> objects;
  std::vector<DecodeError> skipped;   // items that could not be believed; each has a name
  std::vector<DecodeError> left_out;  // parts of objects that could not be believed
  std::string resource_version;
  std::string continue_token;  // empty: the last page
};

template <class T>
class ListPageReader {
 public:
  // The next bytes of the body. An error spoils the page for good: it is not a List, or holds an
  // item of which not even the name is known, so that nobody could say what is missing.
  [[nodiscard]] tl::expected<void, DecodeError> append(std::string_view bytes);

  // At the end of the body: the page, or why it is none ("is cut short", …).
  [[nodiscard]] tl::expected<ListPage<T>, DecodeError> finish();

 private:
  [[nodiscard]] tl::expected<void, DecodeError> add(const Frame& frame);

  ListFramer framer_;
  Decoder<T> decoder_;
  ListPage<T> page_;
};

}  // namespace kube
