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

const json::array* array_at(const json::object& o, std::string_view key) noexcept {
  const auto* v = o.if_contains(key);
  return v ? v->if_array() : nullptr;
}

const json::array* filled_array_at(const json::object& o, std::string_view key) noexcept {
  const auto* list = array_at(o, key);
  return list && !list->empty() ? list : nullptr;
}

bool has_value(const json::object& o, std::string_view key) noexcept {
  const auto* v = o.if_contains(key);
  return v && !v->is_null();
}

bool is_true_at(const json::object& o, std::string_view key) noexcept {
  const auto* v = o.if_contains(key);
  return v && v->is_bool() && v->get_bool();
}

std::optional<uint64_t> whole_at(const json::object& o, std::string_view key) noexcept {
  const auto* v = o.if_contains(key);
  boost::system::error_code ec;
  const auto n = v && v->is_number() ? v->to_number<uint64_t>(ec) : 0;
  return v && v->is_number() && !ec ? std::optional{n} : std::nullopt;
}

std::optional<uint64_t> count_at(const json::object& o, std::string_view key) noexcept {
  constexpr uint64_t believable = 1'000'000'000;
  const auto n = whole_at(o, key);
  return n && *n <= believable ? n : std::nullopt;
}

json::value json_string(std::string_view text) {
  return json::value(json::string_view{text.data(), text.size()});
}

} // namespace penstock::core
