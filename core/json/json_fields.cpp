#include "core/json/json_fields.hpp"

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

std::optional<uint64_t> count_at(const json::object& o, std::string_view key) noexcept {
  constexpr double believable = 1e9;
  const auto* v = o.if_contains(key);
  if (!v || !v->is_number())
    return std::nullopt;
  const auto n = v->to_number<double>();
  if (!(n >= 0 && n <= believable) || n != static_cast<double>(static_cast<uint64_t>(n)))
    return std::nullopt;
  return static_cast<uint64_t>(n);
}

json::value json_text(std::string_view text) {
  return json::value(json::string_view{text.data(), text.size()});
}

} // namespace penstock::core
