#include "kube/object_feed.h"

#include <iterator>

#include "kube/resource_version.h"

namespace kube {
namespace {

template <class T>
void append(std::vector<T>& all, std::vector<T> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string part_left_out(const std::string& reason) {
  return reason + "; the rest of the object is in use";
}

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

template <class T>
void ObjectFeed<T>::begin_list() {
  page_ = {};
  list_ = {};
}

template <class T>
tl::expected<void, DecodeError> ObjectFeed<T>::list_bytes(std::string_view bytes) {
  return page_.append(bytes);
}

template <class T>
tl::expected<std::string, DecodeError> ObjectFeed<T>::end_page() {
  auto page = page_.finish();
  if (!page) return tl::unexpected(std::move(page.error()));
  page_ = {};
  append(list_.objects, std::move(page->objects));
  append(list_.skipped, std::move(page->skipped));
  append(list_.left_out, std::move(page->left_out));
  // Every page of a consistent list carries the first one's version.
  if (list_.resource_version.empty()) list_.resource_version = page->resource_version;
  return std::move(page->continue_token);
}

template <class T>
void ObjectFeed<T>::deliver_list() {
  version_ = std::move(list_.resource_version);
  for (const DecodeError& error : list_.skipped) skip(error);
  listener_.replaced(std::move(list_.objects));
  for (const DecodeError& error : list_.left_out) {
    listener_.skipped(error.id, part_left_out(error.reason));
  }
  list_ = {};
  listener_.settled();
}

template <class T>
void ObjectFeed<T>::begin_watch() {
  watch_ = JsonFramer();
  listener_.settled();
}

template <class T>
WatchProgress ObjectFeed<T>::watch_bytes(std::string_view bytes) {
  WatchProgress progress;
  watch_.append(bytes);
  while (const auto frame = watch_.next()) {
    tell(*frame, progress);
    if (progress.state != WatchProgress::State::kGood) break;
    ++progress.events;
  }
  if (progress.events > 0) listener_.settled();
  return progress;
}

template <class T>
void ObjectFeed<T>::tell(const Frame& frame, WatchProgress& progress) {
  using State = WatchProgress::State;
  if (frame.kind == Frame::Kind::kGarbage) {
    progress.state = State::kGarbage;
    return;
  }
  bool in_order = true;
  const auto tell_event = Overloaded{
      [&](Changed<T>& event) {
        in_order = advance(event.object.metadata.resource_version);
        if (!in_order) return;
        const NamespacedName id = event.object.metadata.id;
        listener_.changed(std::move(event.object));
        if (!event.left_out.empty()) listener_.skipped(id, part_left_out(event.left_out));
      },
      [&](Deleted& event) {
        in_order = advance(event.metadata.resource_version);
        if (in_order) listener_.deleted(event.metadata.id);
      },
      [&](Bookmark& event) { in_order = advance(event.resource_version); },
      [&](Status& status) {
        progress.state = State::kError;
        progress.status = std::move(status);
      },
      [&](UnknownEvent& event) {
        listener_.skipped({}, "an event of unknown type \"" + event.type + "\"");
      },
      [&](SpoiledEvent& event) {
        if (frame.kind == Frame::Kind::kTooLarge) event.error.reason = "is too large";
        if (frame.kind == Frame::Kind::kTooDeep) event.error.reason = "is nested too deep";
        in_order = advance(event.resource_version);
        skip(event.error);
      },
  };
  auto event = decode_watch_event<T>(frame.text);
  std::visit(tell_event, event);
  if (!in_order) progress.state = State::kRewound;
}

template <class T>
void ObjectFeed<T>::skip(const DecodeError& error) {
  listener_.skipped(error.id, to_string(error));
}

template <class T>
bool ObjectFeed<T>::advance(const std::string& version) {
  if (version.empty()) return true;
  if (is_older(version, version_)) return false;
  version_ = version;
  return true;
}

template class ObjectFeed<Service>;
template class ObjectFeed<EndpointSlice>;
template class ObjectFeed<Node>;

}  // namespace kube
