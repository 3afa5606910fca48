// Expected places of a JSON document, and what takes the value found at each: the schema as a tree
// that mirrors the document.
//
//   const auto place = object<Port>({{"name", text<&Port::name>()}, {"port",
//   number<&set_port>()}});
//
// read_json() walks a document once (SAX). What stands at no known place is skipped without
// building anything; null leaves the default; a value of another type, a known key that appears
// twice, a text over 64 KiB or a nesting over 64 refuses the document. Object keys are
// case-sensitive, as in the API server. The only user of RapidJSON. Pure; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>
#include <vector>

namespace kube {

// nullptr: the value is taken. Else why it is refused, a literal: "is no port (1..65535)".
using Complaint = const char*;

struct JsonError {
  std::string field;   // "spec.ports[2].port"; empty: the document as a whole
  std::string reason;  // "70000 is no port (1..65535)"

  friend bool operator==(const JsonError&, const JsonError&) = default;
};

// One expected place, its target forgotten; made by the functions below only.
struct JsonPlace {
  enum class Kind : std::uint8_t { kText, kNumber, kFlag, kObject, kList, kChoice };
  struct Field;
  struct Chosen {
    const JsonPlace* place = nullptr;  // an object; nullptr: skip the value
    void* target = nullptr;
  };

  Kind kind = Kind::kObject;
  Complaint (*take_text)(void*, std::string_view) = nullptr;
  Complaint (*take_number)(void*, std::int64_t) = nullptr;
  Complaint (*take_flag)(void*, bool) = nullptr;
  void* (*enter)(void*) = nullptr;    // the target of what is inside; its nullptr: one too many
  Chosen (*choose)(void*) = nullptr;  // what to expect, decided by what has been read before
  std::vector<Field> fields;          // of an object; of a list: one, its elements
};

struct JsonPlace::Field {
  std::string_view key;
  JsonPlace place;
};

// An expected place whose value ends up in a Target.
template <class Target>
struct Place {
  JsonPlace raw;
};

template <class Target>
struct Field {
  std::string_view key;
  Place<Target> place;
};

namespace detail {

template <class Setter>
struct SetterTraits;
template <class Target, class Member>
struct SetterTraits<Member Target::*> {
  using TargetType = Target;
};
template <class Target, class Value>
struct SetterTraits<Complaint (*)(Target&, Value)> {
  using TargetType = Target;
};
template <class Outer, class Inner>
struct SetterTraits<Inner* (*)(Outer&)> {
  using TargetType = Outer;
  using InnerType = Inner;
};
template <auto Setter>
using TargetOf = typename SetterTraits<decltype(Setter)>::TargetType;

// Stores into a data member, or calls a function that may complain.
template <auto Setter, class Value>
Complaint set(void* target, Value value) {
  auto& object = *static_cast<TargetOf<Setter>*>(target);
  if constexpr (!std::is_member_object_pointer_v<decltype(Setter)>) {
    return Setter(object, value);
  } else {
    auto& member = object.*Setter;
    using Member = std::remove_reference_t<decltype(member)>;
    if constexpr (std::is_integral_v<Member> && !std::is_same_v<Member, bool>) {
      if (value < 0 || !std::in_range<Member>(value)) return "is out of range";
    }
    member = Member(value);
    return nullptr;
  }
}

}  // namespace detail

// A string. Setter: a member, or Complaint(Target&, std::string_view).
template <auto Setter>
[[nodiscard]] auto text() {
  Place<detail::TargetOf<Setter>> place;
  place.raw.kind = JsonPlace::Kind::kText;
  place.raw.take_text = &detail::set<Setter, std::string_view>;
  return place;
}

// A whole number. Setter: an unsigned member, or Complaint(Target&, std::int64_t).
template <auto Setter>
[[nodiscard]] auto number() {
  Place<detail::TargetOf<Setter>> place;
  place.raw.kind = JsonPlace::Kind::kNumber;
  place.raw.take_number = &detail::set<Setter, std::int64_t>;
  return place;
}

// true or false. Setter: a bool member, or Complaint(Target&, bool).
template <auto Setter>
[[nodiscard]] auto flag() {
  Place<detail::TargetOf<Setter>> place;
  place.raw.kind = JsonPlace::Kind::kFlag;
  place.raw.take_flag = &detail::set<Setter, bool>;
  return place;
}

// An object with these fields among others; at most 64.
template <class Target>
[[nodiscard]] Place<Target> object(std::initializer_list<Field<Target>> fields) {
  Place<Target> place;
  place.raw.kind = JsonPlace::Kind::kObject;
  for (const Field<Target>& field : fields) {
    place.raw.fields.push_back({.key = field.key, .place = field.place.raw});
  }
  return place;
}

// An object whose values belong to a part of the Target.
template <auto Member>
[[nodiscard]] auto within(
    Place<std::remove_reference_t<decltype(std::declval<detail::TargetOf<Member>&>().*Member)>>
        inside) {
  Place<detail::TargetOf<Member>> place;
  place.raw = std::move(inside.raw);
  place.raw.enter = +[](void* target) -> void* {
    return &(static_cast<detail::TargetOf<Member>*>(target)->*Member);
  };
  return place;
}

// A list of scalars, each given to the same Target.
template <class Target>
[[nodiscard]] Place<Target> list(Place<Target> element) {
  Place<Target> place;
  place.raw.kind = JsonPlace::Kind::kList;
  place.raw.fields.push_back({.key = {}, .place = std::move(element.raw)});
  return place;
}

// A list of objects. Append: Element*(Target&), makes room for one more, or nullptr: too many.
template <auto Append>
[[nodiscard]] auto list(Place<typename detail::SetterTraits<decltype(Append)>::InnerType> element) {
  element.raw.enter = +[](void* target) -> void* {
    return Append(*static_cast<detail::TargetOf<Append>*>(target));
  };
  return list(Place<detail::TargetOf<Append>>{std::move(element.raw)});
}

// An object whose fields depend on what has been read before it. Choose:
// JsonPlace::Chosen(Target&).
template <class Target, JsonPlace::Chosen (*Choose)(Target&)>
[[nodiscard]] Place<Target> choice() {
  Place<Target> place;
  place.raw.kind = JsonPlace::Kind::kChoice;
  place.raw.choose =
      +[](void* target) -> JsonPlace::Chosen { return Choose(*static_cast<Target*>(target)); };
  return place;
}

namespace detail {
[[nodiscard]] tl::expected<void, JsonError> read_json(std::string_view json, const JsonPlace& root,
                                                      void* target);
}

// Reads one JSON object. On an error the target holds what was read before it.
template <class Target>
[[nodiscard]] tl::expected<void, JsonError> read_json(std::string_view json,
                                                      const Place<Target>& root, Target& target) {
  return detail::read_json(json, root.raw, &target);
}

}  // namespace kube
