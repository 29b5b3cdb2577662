#include "core/json_fields.hpp"

#include <boost/json/value.hpp>

namespace penstock::core {

namespace json = boost::json;

std::string_view text_at(const json::object& o, std::string_view key) noexcept {
  const auto* v = o.if_contains(key);
  const auto* s = v ? v->if_string() : nullptr;
  return s ? std::string_view{*s} : std::string_view{};
}

const json::object* object_at(const json::object& o, std::string_view key) noexcept {
  const auto* v = o.if_contains(key);
  return v ? v->if_object() : nullptr;
}

const json::array* filled_array_at(const json::object& o, std::string_view key) noexcept {
  const auto* v = o.if_contains(key);
  const auto* list = v ? v->if_array() : nullptr;
  return list && !list->empty() ? list : nullptr;
}

bool has_value(const json::object& o, std::string_view key) noexcept {
  const auto* v = o.if_contains(key);
  return v && !v->is_null();
}

} // namespace penstock::core
