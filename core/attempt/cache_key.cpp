#include "core/attempt/cache_key.hpp"
#include "core/base/text.hpp"

#include "core/json/json_fields.hpp"
#include "core/json/json_scan.hpp"

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <utility>
#include <vector>

namespace penstock::core {

namespace json = boost::json;

namespace {

/// Deeper than real bodies; the same limit as for the input.
constexpr size_t depth_max = 200;

/// Raise it if the text of a request changes. Old entries are then never found again.
constexpr std::string_view text_version = "penstock-cache-1";

/// The largest whole number up to which every whole double is exact.
constexpr double exact_max = 9'007'199'254'740'992.0;

/// Digits of a number as written, leading zeros and exponent left out.
size_t digits_of(std::string_view literal) noexcept {
  size_t digits = 0;
  for (char c : literal) {
    if (c == 'e' || c == 'E')
      break;
    if (c >= '0' && c <= '9' && (digits > 0 || c != '0'))
      ++digits;
  }
  return digits;
}

/// Builds the canonical text of each value from the texts of its parts.
struct canonical_handler {
  static constexpr size_t max_object_size = size_t(-1);
  static constexpr size_t max_array_size = size_t(-1);
  static constexpr size_t max_key_size = size_t(-1);
  static constexpr size_t max_string_size = size_t(-1);
  using ec_type = json::error_code;

  struct frame {
    std::string key;                                          ///< Key of the current member.
    std::vector<std::pair<std::string, std::string>> members; ///< Members of an object.
    std::string elements;                                     ///< Elements of an array.
    bool object = false;
  };
  std::vector<frame> open;
  std::string text; ///< Text of the last complete value; at the end, of all.
  std::string part; ///< Of a string or number that is parsed in pieces.

  void value(std::string done) {
    if (open.empty()) {
      text = std::move(done);
      return;
    }
    auto& at = open.back();
    if (at.object) {
      at.members.emplace_back(std::move(at.key), std::move(done));
      at.key.clear();
    } else {
      at.elements += at.elements.empty() ? "" : ",";
      at.elements += done;
    }
  }

  /// A number that a double cannot represent exactly stays as written.
  void floating(double x, std::string_view literal) {
    char buffer[32];
    if (!std::isfinite(x) || digits_of(literal) > 15) {
      value(std::string{literal});
    } else if (x == std::trunc(x) && std::abs(x) < exact_max) {
      value(std::to_string(static_cast<int64_t>(x))); // 1.0 and 1e0 are 1; -0 is 0.
    } else {
      const auto end = std::to_chars(buffer, buffer + sizeof buffer, x).ptr;
      value(std::string(buffer, end));
    }
  }

  bool on_document_begin(ec_type&) { return true; }
  bool on_document_end(ec_type&) { return true; }
  bool on_object_begin(ec_type&) {
    open.emplace_back().object = true;
    return true;
  }
  bool on_object_end(size_t, ec_type&) {
    auto members = std::move(open.back().members);
    open.pop_back();
    const auto is_top = open.empty();
    std::stable_sort(members.begin(), members.end(),
                     [](auto& a, auto& b) { return a.first < b.first; });
    std::string out{"{"};
    for (size_t i = 0; i < members.size(); ++i) {
      auto& [key, member] = members[i];
      if (i + 1 < members.size() && members[i + 1].first == key)
        continue;
      if (is_top && std::find(insignificant_members.begin(), insignificant_members.end(), key) !=
                      insignificant_members.end())
        continue;
      if (out.size() > 1)
        out += ',';
      append_json_string(out, key);
      out += ':';
      out += member;
    }
    value(out += '}');
    return true;
  }
  bool on_array_begin(ec_type&) {
    open.emplace_back();
    return true;
  }
  bool on_array_end(size_t, ec_type&) {
    auto elements = std::move(open.back().elements);
    open.pop_back();
    value('[' + std::move(elements) + ']');
    return true;
  }
  bool on_key_part(json::string_view s, size_t, ec_type&) {
    part.append(s.data(), s.size());
    return true;
  }
  bool on_key(json::string_view s, size_t, ec_type&) {
    part.append(s.data(), s.size());
    open.back().key = std::exchange(part, {});
    return true;
  }
  bool on_string_part(json::string_view s, size_t, ec_type&) {
    part.append(s.data(), s.size());
    return true;
  }
  bool on_string(json::string_view s, size_t, ec_type&) {
    std::string literal;
    if (part.empty()) {
      append_json_string(literal, {s.data(), s.size()});
    } else {
      part.append(s.data(), s.size());
      append_json_string(literal, part);
      part.clear();
    }
    value(std::move(literal));
    return true;
  }
  bool on_number_part(json::string_view s, ec_type&) {
    part.append(s.data(), s.size());
    return true;
  }
  bool on_int64(int64_t i, json::string_view, ec_type&) {
    part.clear();
    value(std::to_string(i));
    return true;
  }
  bool on_uint64(uint64_t u, json::string_view, ec_type&) {
    part.clear();
    value(std::to_string(u));
    return true;
  }
  bool on_double(double d, json::string_view s, ec_type&) {
    part.append(s.data(), s.size());
    floating(d, std::exchange(part, {}));
    return true;
  }
  bool on_bool(bool b, ec_type&) {
    value(b ? "true" : "false");
    return true;
  }
  bool on_null(ec_type&) {
    value("null");
    return true;
  }
  bool on_comment_part(json::string_view, ec_type&) { return true; }
  bool on_comment(json::string_view, ec_type&) { return true; }
};

/// Lengths keep the parts apart, whatever is in them.
void append_part(std::string& out, std::string_view part) {
  out += std::to_string(part.size());
  out += ':';
  out += part;
  out += '\n';
}

/// Whether field `key` is absent, null, empty or one of `words`.
bool says_one_of(const json::object& o, std::string_view key,
                 std::initializer_list<std::string_view> words) {
  if (!has_value(o, key))
    return true;
  const auto word = text_at(o, key);
  return word.empty() || std::find(words.begin(), words.end(), word) != words.end();
}

bool is_whole_choice(const json::object& choice) {
  auto* message = object_at(choice, "message");
  return says_one_of(
           choice, "finish_reason",
           {"stop", "tool_calls", "function_call", "eos", "eos_token", "stop_sequence"}) &&
         (!message || text_at(*message, "refusal").empty());
}

/// An item of the Responses API.
bool is_refusal(const json::value& item) {
  auto* o = item.if_object();
  auto* content = o ? filled_array_at(*o, "content") : nullptr;
  return content && std::any_of(content->begin(), content->end(), [](auto& part) {
           return part.is_object() && text_at(part.get_object(), "type") == "refusal";
         });
}

} // namespace

std::optional<std::string> canonical_body(std::string_view body) {
  json::parse_options options;
  options.max_depth = depth_max;
  json::basic_parser<canonical_handler> parser{options};
  json::error_code ec;
  const auto used = parser.write_some(false, body.data(), body.size(), ec);
  if (ec || used != body.size() || !parser.done() || !parser.handler().text.starts_with('{'))
    return std::nullopt;
  return std::move(parser.handler().text);
}

std::optional<std::string> cache_text(const cache_scope& scope, const request& req) {
  if (req.method != "POST" || !req.body)
    return std::nullopt;
  const auto body = canonical_body(*req.body);
  if (!body)
    return std::nullopt;
  std::string out;
  out.reserve(body->size() + 256);
  for (auto part : {text_version, scope.tenant, scope.family, scope.protocol,
                    std::string_view{req.url}, std::string_view{req.model}})
    append_part(out, part);
  return out += *body;
}

std::string cache_family(std::string_view base_url) {
  if (const auto scheme = base_url.find("://"); scheme != std::string_view::npos)
    base_url.remove_prefix(scheme + 3);
  while (base_url.ends_with('/'))
    base_url.remove_suffix(1);
  std::string out{base_url};
  for (auto& c : out) {
    if (c == '/')
      break;
    c = to_lower(c);
  }
  return out;
}

bool is_whole_answer(std::string_view body) {
  json::error_code ec;
  const auto value = json::parse({body.data(), body.size()}, ec);
  auto* o = ec ? nullptr : value.if_object();
  if (!o)
    return false;
  const auto all_of = [&](std::string_view key, auto&& fits) {
    auto* list = filled_array_at(*o, key);
    return !list || std::all_of(list->begin(), list->end(), fits);
  };
  auto* feedback = object_at(*o, "promptFeedback"); // Gemini: nothing was produced at all.
  return all_of("choices",
                [](auto& c) { return c.is_object() && is_whole_choice(c.get_object()); }) &&
         says_one_of(*o, "stop_reason", {"end_turn", "tool_use", "stop_sequence"}) &&
         all_of("candidates",
                [](auto& c) {
                  return c.is_object() && says_one_of(c.get_object(), "finishReason", {"STOP"});
                }) &&
         !(feedback && has_value(*feedback, "blockReason")) &&
         says_one_of(*o, "done_reason", {"stop"}) && says_one_of(*o, "status", {"completed"}) &&
         all_of("output", [](auto& item) { return !is_refusal(item); });
}

} // namespace penstock::core
