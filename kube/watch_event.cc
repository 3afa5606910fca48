#include "kube/watch_event.h"

#include "kube/drafts.h"
#include "kube/metadata_places.h"

namespace kube {

// What is read of a DELETED or BOOKMARK event.
struct StubDraft {
  std::string kind;
  MetadataDraft metadata;
};

template <class T>
struct EventDraft {
  std::string type;
  bool object_came_first = false;
  Draft<T> object;
  StubDraft stub;
  Status status;

  void begin_again() {
    type.clear();
    object_came_first = false;
    object.begin_again();
    stub = {};
    status = {};
  }
};

namespace {

const Place<StubDraft>& stub_place() {
  static const auto place = object<StubDraft>({
      {"kind", text<&StubDraft::kind>()},
      {"metadata", within<&StubDraft::metadata>(metadata_place())},
  });
  return place;
}

template <class T>
JsonPlace::Chosen choose_object(EventDraft<T>& draft) {
  static const Place<Status> error_place = status_place();
  if (draft.type == "ADDED" || draft.type == "MODIFIED") {
    return {.place = &Draft<T>::place().raw, .target = &draft.object};
  }
  if (draft.type == "DELETED" || draft.type == "BOOKMARK") {
    return {.place = &stub_place().raw, .target = &draft.stub};
  }
  if (draft.type == "ERROR") return {.place = &error_place.raw, .target = &draft.status};
  draft.object_came_first = draft.type.empty();
  return {};
}

template <class T>
const Place<EventDraft<T>>& event_place() {
  static const auto place = object<EventDraft<T>>({
      {"type", text<&EventDraft<T>::type>()},
      {"object", choice<EventDraft<T>, &choose_object<T>>()},
  });
  return place;
}

template <class T>
const Place<EventDraft<T>>& object_only_place() {
  static const auto place =
      object<EventDraft<T>>({{"object", choice<EventDraft<T>, &choose_object<T>>()}});
  return place;
}

template <class T>
const Metadata& metadata_of(const EventDraft<T>& draft) {
  const Metadata& stub = draft.stub.metadata.metadata;
  return stub.resource_version.empty() && stub.id.name.empty() ? draft.object.metadata.metadata
                                                               : stub;
}

template <class T>
SpoiledEvent spoiled(const EventDraft<T>& draft, JsonError error) {
  const Metadata& metadata = metadata_of(draft);
  return {.error = at(metadata.id, std::move(error)),
          .resource_version = metadata.resource_version};
}

template <class T>
WatchEvent<T> changed(EventDraft<T>& draft) {
  Draft<T>& object = draft.object;
  if (Complaint complaint =
          check_identity(object.kind, Draft<T>::kKind, object.metadata.metadata)) {
    return spoiled(draft, {.field = "object", .reason = complaint});
  }
  auto finished = object.finish();
  if (!finished) return spoiled(draft, std::move(finished.error()));
  return Changed<T>{.object = std::move(finished->object),
                    .left_out = std::move(finished->left_out)};
}

template <class T>
WatchEvent<T> deleted(EventDraft<T>& draft) {
  const Metadata& metadata = draft.stub.metadata.metadata;
  if (Complaint complaint = check_identity(draft.stub.kind, Draft<T>::kKind, metadata)) {
    return spoiled(draft, {.field = "object", .reason = complaint});
  }
  return Deleted{.metadata = std::move(draft.stub.metadata.metadata)};
}

}  // namespace

template <class T>
WatchEventDecoder<T>::WatchEventDecoder() : draft_(std::make_unique<EventDraft<T>>()) {}
template <class T>
WatchEventDecoder<T>::~WatchEventDecoder() = default;

template <class T>
WatchEvent<T> WatchEventDecoder<T>::decode(std::string_view json) {
  EventDraft<T>& draft = *draft_;
  draft.begin_again();
  auto read = read_json(json, event_place<T>(), draft);
  if (read && draft.object_came_first && !draft.type.empty()) {
    read = read_json(json, object_only_place<T>(), draft);
  }
  if (!read) return spoiled(draft, std::move(read.error()));
  if (draft.type == "ADDED" || draft.type == "MODIFIED") return changed(draft);
  if (draft.type == "DELETED") return deleted(draft);
  if (draft.type == "BOOKMARK") {
    return Bookmark{.resource_version = draft.stub.metadata.metadata.resource_version,
                    .initial_events_end = draft.stub.metadata.initial_events_end};
  }
  if (draft.type == "ERROR") return std::move(draft.status);
  return UnknownEvent{.type = draft.type.substr(0, 64)};
}

template class WatchEventDecoder<Service>;
template class WatchEventDecoder<EndpointSlice>;
template class WatchEventDecoder<Node>;
template class WatchEventDecoder<NodeAddresses>;
template class WatchEventDecoder<ServiceCidr>;

}  // namespace kube
