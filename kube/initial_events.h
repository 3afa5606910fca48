// What the initial events of a watch add up to. Mostly each object comes once; what changes while
// they are sent comes again. Pure; any thread.
#pragma once

#include <algorithm>

#include "kube/objects.h"

namespace kube {

template <class T>
void erase(ObjectList<T>& objects, const NamespacedName& id) {
  std::erase_if(objects, [&](const T& object) { return object.metadata.id == id; });
}

// Of the objects with one name only the last stays. The API server sends them in the order of their
// names, so that mostly nothing is moved.
template <class T>
void keep_newest(ObjectList<T>& objects) {
  const auto by_name = [](const T& left, const T& right) {
    return left.metadata.id < right.metadata.id;
  };
  const auto not_ascending = [&](const T& left, const T& right) { return !by_name(left, right); };
  if (std::adjacent_find(objects.begin(), objects.end(), not_ascending) == objects.end()) return;
  std::stable_sort(objects.begin(), objects.end(), by_name);
  ObjectList<T> newest;
  for (T& object : objects) {
    if (!newest.empty() && newest.back().metadata.id == object.metadata.id) newest.pop_back();
    newest.push_back(std::move(object));
  }
  objects = std::move(newest);
}

}  // namespace kube
