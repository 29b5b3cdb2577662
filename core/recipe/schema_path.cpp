#include "core/recipe/schema_path.hpp"
#include "core/json/json_fields.hpp"

#include <boost/json.hpp>

namespace penstock::core {

namespace {

namespace json = boost::json;

/// Schemas that combine others may allow properties that they do not list.
bool combines(const json::object& schema) noexcept {
  for (std::string_view key : {"allOf", "anyOf", "oneOf", "if", "patternProperties"})
    if (schema.contains(key))
      return true;
  return false;
}

/// The schema of the entries of a list, or null.
const json::value* items_of(const json::object& schema) noexcept {
  auto items = schema.if_contains("items");
  return items && items->is_object() ? items : nullptr;
}

schema_place step(const json::object& schema, std::string_view name) noexcept {
  if (auto properties = object_at(schema, "properties")) {
    if (auto property = properties->if_contains(name))
      return {property, true};
    auto rest = schema.if_contains("additionalProperties");
    if (rest && rest->is_object())
      return {rest, true};
    return {nullptr, combines(schema)};
  }
  if (!name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos)
    return {items_of(schema), true};
  return {nullptr, text_at(schema, "type").empty() || text_at(schema, "type") == "object"};
}

} // namespace

const json::value* follow_refs(const json::value& root, const json::value& from) noexcept {
  constexpr int hops_max = 64;
  const auto* at = &from;
  for (int hop = 0; at && hop < hops_max; ++hop) {
    auto schema = at->if_object();
    auto ref = schema ? schema->if_contains("$ref") : nullptr;
    if (!ref || !ref->is_string())
      return at;
    const std::string_view pointer = ref->get_string();
    boost::system::error_code ec;
    at = pointer.starts_with('#') ? root.find_pointer(pointer.substr(1), ec) : nullptr;
  }
  return nullptr;
}

schema_place schema_at(const json::value& root, const json::value& from,
                       std::string_view path) noexcept {
  schema_place place{&from, true};
  while (!path.empty()) {
    const auto dot = path.find('.');
    place.schema = place.schema ? follow_refs(root, *place.schema) : nullptr;
    auto schema = place.schema ? place.schema->if_object() : nullptr;
    if (!schema)
      return {nullptr, true};
    place = step(*schema, path.substr(0, dot));
    if (!place.possible || !place.schema)
      return place;
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  place.schema = place.schema ? follow_refs(root, *place.schema) : nullptr;
  return place;
}

std::vector<std::string> property_names(const json::value& root, const json::value& at) {
  std::vector<std::string> names;
  auto followed = follow_refs(root, at);
  auto schema = followed ? followed->if_object() : nullptr;
  auto properties = schema ? object_at(*schema, "properties") : nullptr;
  if (properties)
    for (auto& member : *properties)
      names.emplace_back(member.key());
  return names;
}

} // namespace penstock::core
