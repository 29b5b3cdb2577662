#include "core/recipe/exact_number.hpp"
#include "core/json/json_check.hpp"
#include "core/json/json_scan.hpp"
#include "core/json/json_text.hpp"

#include <boost/json.hpp>

namespace penstock::core {

namespace {

namespace json = boost::json;

// No text of a row begins so by accident: U+0000 stands in no file.
constexpr std::string_view number_mark{"\0#", 2};

/// Whether a value in memory writes the number as it stood in the file.
bool survives(std::string_view number) {
  constexpr size_t digits_max = 18;
  if (number.size() <= digits_max && number.find_first_not_of("0123456789") == number.npos)
    return true;
  json::error_code ec;
  const auto value = json::parse(number, ec);
  return !ec && json_text(value) == number;
}

bool holds_exact(const json::value& value) noexcept {
  if (auto list = value.if_array()) {
    for (auto& entry : *list)
      if (holds_exact(entry))
        return true;
  } else if (auto object = value.if_object()) {
    for (auto& member : *object)
      if (holds_exact(member.value()))
        return true;
  }
  return exact_number(value).has_value();
}

} // namespace

std::string with_exact_numbers(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      auto end = at + 1;
      while (end < text.size() && text[end] != '"')
        end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
      out += text.substr(at, end - at);
      at = end;
    } else if (text[at] == '-' || (text[at] >= '0' && text[at] <= '9')) {
      const auto end = std::min(text.find_first_not_of("0123456789+-.eE", at), text.size());
      const auto number = text.substr(at, end - at);
      if (survives(number))
        out += number;
      else
        out.append("\"\\u0000#").append(number).append("\"");
      at = end;
    } else {
      out += text[at++];
    }
  }
  return out;
}

std::optional<std::string_view> exact_number(const json::value& value) noexcept {
  auto text = value.if_string();
  if (!text || !std::string_view{*text}.starts_with(number_mark))
    return std::nullopt;
  const auto number = std::string_view{*text}.substr(number_mark.size());
  const bool is_number =
    !number.empty() && (number[0] == '-' || (number[0] >= '0' && number[0] <= '9'));
  return is_number && !check_json(number) ? std::optional{number} : std::nullopt;
}

void append_exact_json(std::string& out, const json::value& value) {
  if (auto number = exact_number(value)) {
    out += *number;
    return;
  }
  if (!holds_exact(value))
    return append_json(out, value);
  char mark = '[';
  if (auto list = value.if_array()) {
    for (auto& entry : *list) {
      out += mark;
      append_exact_json(out, entry);
      mark = ',';
    }
    out += ']';
    return;
  }
  mark = '{';
  for (auto& member : value.get_object()) {
    out += mark;
    append_json_string(out, member.key());
    out += ':';
    append_exact_json(out, member.value());
    mark = ',';
  }
  out += '}';
}

} // namespace penstock::core
