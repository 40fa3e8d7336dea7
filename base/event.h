// Events as types: what is logged is a struct that describes itself.
//
//   struct IdleTimeout {
//     std::string_view session;
//     std::string_view address;
//     static constexpr auto kEvent =
//         log::describe("idle_timeout", log::Level::Info, "A client was silent for too long.",
//                       log::field("session", &IdleTimeout::session, "Worker and session."),
//                       log::field("address", &IdleTimeout::address, "The client."));
//   };
//   log::emit(IdleTimeout{.session = id, .address = peer});
//
// The table is all there is to an event: the line, the reference page and the JSON schema come from
// it. Members without a row are for other consumers of the event and are not logged.
//
// A member is text, an integer, a bool, a SystemTime (written in UTC), a NamedEnum, or an optional
// of these. Empty text and an empty optional are left out of the line. Text is a string_view: an
// event is made where it is emitted, so that what it looks at still lives.
#pragma once

#include "base/clock.h"
#include "base/enum_texts.h"
#include "base/log_line.h"

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace signpost::log {

// A field that many events share: one name, one meaning.
struct FieldName {
  std::string_view name;
  std::string_view meaning;
};

// One row of an event's table.
template <typename E, typename M>
struct Row {
  std::string_view name;
  M E::* member;
  std::string_view meaning;
};

template <typename... Rows>
struct EventTable {
  std::string_view name;
  Level level;
  std::string_view meaning;
  std::tuple<Rows...> rows;
};

template <typename E, typename M>
constexpr Row<E, M> field(std::string_view name, M E::* member, std::string_view meaning) {
  return {name, member, meaning};
}
template <typename E, typename M>
constexpr Row<E, M> field(const FieldName& name, M E::* member) {
  return {name.name, member, name.meaning};
}

// Rows that several events have in common, as members of a base.
template <typename... Rows>
constexpr std::tuple<Rows...> fields(Rows... rows) {
  return {rows...};
}

template <typename... Rows>
constexpr EventTable<Rows...> describe(std::string_view name, Level level, std::string_view meaning,
                                       Rows... rows) {
  return {name, level, meaning, {rows...}};
}
template <typename... Shared, typename... Rows>
constexpr EventTable<Shared..., Rows...> describe(std::string_view name, Level level,
                                                  std::string_view meaning,
                                                  std::tuple<Shared...> shared, Rows... rows) {
  return {name, level, meaning, std::tuple_cat(shared, std::tuple<Rows...>{rows...})};
}

template <typename E>
concept Event = requires {
  { E::kEvent.name } -> std::convertible_to<std::string_view>;
  { E::kEvent.level } -> std::convertible_to<Level>;
  E::kEvent.rows;
};

namespace detail {

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <typename T>
Field::Value value_of(const T& value) {
  if constexpr (kIsOptional<T>) {
    return value ? value_of(*value) : Field::Value();
  } else if constexpr (NamedEnum<T>) {
    return text_of(value);
  } else if constexpr (std::same_as<T, bool> || std::same_as<T, SystemTime> ||
                       std::same_as<T, std::string_view>) {
    return value;
  } else {
    static_assert(std::integral<T>, "a member of an event that has no form in the log");
    return static_cast<std::int64_t>(value);
  }
}

}  // namespace detail

// Whether a line of this event would be written: for events that take work to make.
template <Event E>
bool wanted() noexcept {
  return enabled(E::kEvent.level);
}

// Writes the event's line. Any thread.
template <Event E>
void emit(const E& event) {
  if (!wanted<E>()) return;
  std::apply(
      [&event](const auto&... row) {
        const std::array<Field, sizeof...(row)> fields{
            Field(row.name, detail::value_of(event.*row.member))...};
        log(E::kEvent.level, E::kEvent.name, fields);
      },
      E::kEvent.rows);
}

// The table as values, for the reference and the schema.
enum class FieldType { Text, Integer, Boolean, Time };

struct FieldDescription {
  std::string_view name;
  std::string_view meaning;
  FieldType type = FieldType::Text;
  bool always = false;                         // false: left out when there is nothing to say
  std::span<const std::string_view> values{};  // the closed set; empty: any
};

struct EventDescription {
  std::string_view name;
  Level level = Level::Info;
  std::string_view meaning;
  std::vector<FieldDescription> fields;
};

namespace detail {

template <typename T>
constexpr FieldDescription shape_of() {
  if constexpr (kIsOptional<T>) {
    FieldDescription shape = shape_of<typename T::value_type>();
    shape.always = false;
    return shape;
  } else if constexpr (NamedEnum<T>) {
    return {
        .name = {}, .meaning = {}, .type = FieldType::Text, .always = true, .values = kTexts<T>};
  } else if constexpr (std::same_as<T, std::string_view>) {
    return {};
  } else {
    return {.name = {},
            .meaning = {},
            .type = std::same_as<T, bool>         ? FieldType::Boolean
                    : std::same_as<T, SystemTime> ? FieldType::Time
                                                  : FieldType::Integer,
            .always = true};
  }
}

template <typename E, typename M>
FieldDescription description_of(const Row<E, M>& row) {
  FieldDescription description = shape_of<M>();
  description.name = row.name;
  description.meaning = row.meaning;
  return description;
}

}  // namespace detail

template <Event E>
EventDescription description_of() {
  EventDescription description{E::kEvent.name, E::kEvent.level, E::kEvent.meaning, {}};
  std::apply(
      [&](const auto&... row) { (description.fields.push_back(detail::description_of(row)), ...); },
      E::kEvent.rows);
  return description;
}

}  // namespace signpost::log
