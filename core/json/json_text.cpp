#include "core/json/json_text.hpp"
#include "core/json/json_scan.hpp"

#include <charconv>
#include <cmath>

namespace penstock::core {

namespace {

namespace json = boost::json;

template <class Number>
void append_number(std::string& out, Number n) {
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, n).ptr;
  out.append(digits, end);
}

// A whole double keeps its ".0", so that it is read as a double again.
void append_double(std::string& out, double x) {
  if (!std::isfinite(x)) {
    out += "null";
    return;
  }
  const auto begin = out.size();
  append_number(out, x);
  if (out.find_first_of(".e", begin) == std::string::npos)
    out += ".0";
}

} // namespace

void append_json(std::string& out, const json::value& value) {
  switch (value.kind()) {
  case json::kind::null: out += "null"; break;
  case json::kind::bool_: out += value.get_bool() ? "true" : "false"; break;
  case json::kind::int64: append_number(out, value.get_int64()); break;
  case json::kind::uint64: append_number(out, value.get_uint64()); break;
  case json::kind::double_: append_double(out, value.get_double()); break;
  case json::kind::string: append_json_string(out, value.get_string()); break;
  case json::kind::array: {
    char mark = '[';
    for (auto& entry : value.get_array()) {
      out += mark;
      append_json(out, entry);
      mark = ',';
    }
    out += mark == '[' ? "[]" : "]";
    break;
  }
  case json::kind::object: {
    char mark = '{';
    for (auto& [key, entry] : value.get_object()) {
      out += mark;
      append_json_string(out, key);
      out += ':';
      append_json(out, entry);
      mark = ',';
    }
    out += mark == '{' ? "{}" : "}";
    break;
  }
  }
}

std::string json_text(const json::value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

} // namespace penstock::core
