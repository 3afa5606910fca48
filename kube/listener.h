// What a reflector tells: the one seam between kube/ and whoever keeps the objects.
//
// Thread: every call comes from the io thread, in the order of the server's history.
#pragma once

#include <string>
#include <string_view>

#include "kube/objects.h"

namespace kube {

// Something went wrong with one list or watch, and is being dealt with. For a person to read:
// what, why, and what to do.
struct Trouble {
  std::string what;    // "cannot list endpointslices"
  std::string why;     // "403 Forbidden: user … cannot list resource …"
  std::string remedy;  // "add to the ClusterRole: …"; may be empty
};

// Receives the history of one kind of object. T is one of objects.h.
template <class T>
class Listener {
 public:
  virtual ~Listener() = default;

  // A complete, consistent list: whatever is not in it does not exist. From the first call on, the
  // kind is "synced". Never called with a part of a list.
  virtual void replaced(ObjectList<T> objects) = 0;
  // ADDED or MODIFIED.
  virtual void changed(T object) = 0;
  // DELETED, or out of the watch's selection.
  virtual void deleted(const NamespacedName& id) = 0;
  // One object could not be believed and was skipped; what was known of it before still holds. In a
  // list this comes before `replaced`, and the object is not absent although the list lacks it.
  // Also told, after `changed`, of a part that was left out of an object ("…; the rest of the
  // object is in use"), and with an empty id of an event of unknown type.
  virtual void skipped(const NamespacedName& id, std::string_view reason) = 0;
  // The list or watch failed; it is tried again. What was told before still holds.
  virtual void troubled(const Trouble& trouble) = 0;
  // Every batch of calls that belong together (one chunk of the stream, one list) ends with this.
  // It is also the sign of life of a watch that has begun, or brought no more than a bookmark.
  virtual void settled() = 0;
};

}  // namespace kube
