#include "kube/object_feed.h"

#include <algorithm>
#include <iterator>

#include "kube/initial_events.h"
#include "kube/resource_version.h"

namespace kube {
namespace {

template <class Container>
void append(Container& all, Container more) {
  // A list of one page stays where it is: it may be large.
  if (all.empty()) return all.swap(more);
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string part_left_out(const std::string& reason) {
  return reason + "; the rest of the object is in use";
}

// What of a value that was cut off on its way a person should hear.
void explain(DecodeError& error, Frame::Kind kind) {
  if (kind == Frame::Kind::kTooLarge) error.reason = "is too large";
  if (kind == Frame::Kind::kTooDeep) error.reason = "is nested too deep";
}

std::size_t endpoints_of(const EndpointSlice& slice) { return slice.endpoints.size(); }
template <class T>
std::size_t endpoints_of(const T&) {
  return 0;
}

template <class T>
std::optional<Landmark> newest_of(const ObjectList<T>& objects) {
  const Metadata* newest = nullptr;
  for (const T& object : objects) {
    const Metadata& metadata = object.metadata;
    if (newest == nullptr || is_older(newest->resource_version, metadata.resource_version)) {
      newest = &metadata;
    }
  }
  if (newest == nullptr) return std::nullopt;
  return Landmark{.id = newest->id, .resource_version = newest->resource_version};
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
void ObjectFeed<T>::begin_initial_events() {
  begin_list();
  watch_ = JsonFramer();
  collecting_ = true;
}

template <class T>
std::optional<Loss> ObjectFeed<T>::deliver_list(Brake brake) {
  Census next = census_of_list();
  const Loss loss = known_.lost_in(next);
  const bool agreed = held_ && known_.agree_on_loss(*held_, next);
  if (brake.on && loss.is_large(brake.few) && !agreed) {
    held_ = std::move(next);
    list_ = {};
    return loss;
  }
  held_.reset();
  known_ = std::move(next);
  landmark_ = newest_of(list_.objects);
  version_ = std::move(list_.resource_version);
  for (const DecodeError& error : list_.skipped) skip(error);
  listener_.replaced(std::move(list_.objects));
  for (const DecodeError& error : list_.left_out) {
    listener_.skipped(error.id, part_left_out(error.reason));
  }
  list_ = {};
  listener_.settled();
  return std::nullopt;
}

template <class T>
Census ObjectFeed<T>::census_of_list() const {
  Census census;
  for (const T& object : list_.objects) census.put(object.metadata.id, endpoints_of(object));
  for (const DecodeError& error : list_.skipped) census.keep(error.id, known_);
  return census;
}

template <class T>
void ObjectFeed<T>::begin_watch() {
  watch_ = JsonFramer();
  collecting_ = false;
  listener_.settled();
}

template <class T>
WatchProgress ObjectFeed<T>::watch_bytes(std::string_view bytes) {
  WatchProgress progress;
  // None at all: what the framer still has from before.
  if (!bytes.empty()) watch_.append(bytes);
  while (const auto frame = watch_.next()) {
    const bool collecting = collecting_;
    if (collecting) {
      collect(*frame, progress);
    } else {
      tell(*frame, progress);
    }
    if (progress.state == WatchProgress::State::kGood || collecting) ++progress.events;
    if (progress.state != WatchProgress::State::kGood) break;
  }
  if (progress.events > 0 && !collecting_ && progress.state != WatchProgress::State::kListed) {
    listener_.settled();
  }
  return progress;
}

template <class T>
WatchProgress ObjectFeed<T>::watch_rest() {
  const WatchProgress progress = watch_bytes({});
  // The watch has begun, and is current.
  if (progress.state == WatchProgress::State::kGood && progress.events == 0) listener_.settled();
  return progress;
}

template <class T>
void ObjectFeed<T>::collect(const Frame& frame, WatchProgress& progress) {
  if (frame.kind == Frame::Kind::kGarbage) {
    progress.state = WatchProgress::State::kGarbage;
    return;
  }
  const auto collect_event = Overloaded{
      [&](Changed<T>& event) {
        if (!event.left_out.empty()) {
          list_.left_out.push_back(
              {.id = event.object.metadata.id, .field = {}, .reason = std::move(event.left_out)});
        }
        list_.objects.push_back(std::move(event.object));
      },
      [&](Deleted& event) { erase(list_.objects, event.metadata.id); },
      [&](Bookmark& event) {
        if (!event.initial_events_end) return;
        keep_newest(list_.objects);
        list_.resource_version = std::move(event.resource_version);
        collecting_ = false;
        progress.state = list_.resource_version.empty() ? WatchProgress::State::kGarbage
                                                        : WatchProgress::State::kListed;
      },
      [&](Status& status) {
        progress.state = WatchProgress::State::kError;
        progress.status = std::move(status);
      },
      [&](UnknownEvent& event) { skip({.reason = "an event of type \"" + event.type + "\""}); },
      [&](SpoiledEvent& event) {
        explain(event.error, frame.kind);
        // Nobody could say what is missing.
        if (event.error.id.name.empty()) progress.state = WatchProgress::State::kGarbage;
        list_.skipped.push_back(std::move(event.error));
      },
  };
  auto event = events_.decode(frame.text);
  std::visit(collect_event, event);
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
        know(event.object);
        if (event.left_out.empty()) return listener_.changed(std::move(event.object));
        const NamespacedName id = event.object.metadata.id;
        listener_.changed(std::move(event.object));
        listener_.skipped(id, part_left_out(event.left_out));
      },
      [&](Deleted& event) {
        in_order = advance(event.metadata.resource_version);
        if (!in_order) return;
        known_.remove(event.metadata.id);
        listener_.deleted(event.metadata.id);
        landmark_ = {.id = std::move(event.metadata.id),
                     .resource_version = std::move(event.metadata.resource_version),
                     .deleted = true};
      },
      [&](Bookmark& event) { in_order = advance(event.resource_version); },
      [&](Status& status) {
        progress.state = State::kError;
        progress.status = std::move(status);
      },
      [&](UnknownEvent& event) {
        skip({.reason = "an event of unknown type \"" + event.type + "\""});
      },
      [&](SpoiledEvent& event) {
        explain(event.error, frame.kind);
        in_order = advance(event.resource_version);
        skip(event.error);
      },
  };
  auto event = events_.decode(frame.text);
  std::visit(tell_event, event);
  if (!in_order) progress.state = State::kRewound;
}

template <class T>
tl::expected<History, DecodeError> ObjectFeed<T>::end_look() {
  auto page = page_.finish();
  page_ = {};
  if (!page) return tl::unexpected(std::move(page.error()));
  if (is_older(page->resource_version, version_)) return History::kRewound;
  if (!landmark_) return History::kSame;
  const auto found = std::find_if(page->objects.begin(), page->objects.end(), [&](const T& object) {
    return object.metadata.id == landmark_->id;
  });
  const bool there = found != page->objects.end();
  if (landmark_->deleted) {
    return there || !page->skipped.empty() ? History::kDoubtful : History::kSame;
  }
  const bool same = there && found->metadata.resource_version == landmark_->resource_version;
  return same ? History::kSame : History::kDoubtful;
}

template <class T>
void ObjectFeed<T>::know(const T& object) {
  known_.put(object.metadata.id, endpoints_of(object));
  if (!landmark_) landmark_.emplace();
  landmark_->id = object.metadata.id;
  landmark_->resource_version = object.metadata.resource_version;
  landmark_->deleted = false;
}

template <class T>
void ObjectFeed<T>::skip(const DecodeError& error) {
  ++skipped_;
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
template class ObjectFeed<NodeAddresses>;
template class ObjectFeed<ServiceCidr>;

}  // namespace kube
