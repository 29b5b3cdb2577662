#include "apps/mock/mock_schema.hpp"
#include "apps/mock/mock_json.hpp"
#include "apps/mock/mock_random.hpp"
#include "apps/mock/mock_text.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

namespace penstock::mock {

namespace json = boost::json;

namespace {

constexpr int depth_rich = 8; ///< Deeper levels have required properties only.
constexpr int depth_max = 64; ///< Deeper levels are empty: the schema has no end.
constexpr int values_max = 20'000;
constexpr uint64_t items_usual = 3;

const json::value* member(const json::object& o, std::string_view key) {
  return o.if_contains({key.data(), key.size()});
}

/// Gemini writes 64-bit numbers as strings.
std::optional<double> number_at(const json::object& o, std::string_view key) {
  const auto* v = member(o, key);
  if (v && v->is_string()) {
    const auto n = parse_number({v->get_string().data(), v->get_string().size()});
    return n ? std::optional{*n} : std::nullopt;
  }
  return v && v->is_number() ? std::optional{v->to_number<double>()} : std::nullopt;
}

uint64_t count_at(const json::object& o, std::string_view key, uint64_t fallback) {
  const auto n = number_at(o, key);
  return n && *n >= 0 && *n < 1e9 ? static_cast<uint64_t>(*n) : fallback;
}

/// The type that `o` asks for, or what its keywords suggest.
std::string type_of(const json::object& o, bool poor) {
  const auto* type = member(o, "type");
  if (type && type->is_string())
    return core::to_lower({type->get_string().data(), type->get_string().size()});
  if (type && type->is_array()) {
    std::string first;
    for (const auto& t : type->get_array()) {
      const auto* s = t.if_string();
      const auto name = s ? core::to_lower({s->data(), s->size()}) : std::string{};
      if (name == "null" ? poor : first.empty())
        first = name;
    }
    return first.empty() ? "null" : first;
  }
  for (auto [key, name] : {std::pair{"properties", "object"},
                           {"required", "object"},
                           {"items", "array"},
                           {"prefixItems", "array"},
                           {"minItems", "array"},
                           {"minimum", "number"},
                           {"maximum", "number"},
                           {"multipleOf", "number"}})
    if (member(o, key))
      return name;
  return "string";
}

/// A text of a well-known form, or an empty one.
std::string formatted(std::string_view format, mock_random r) {
  const auto two = [&r](uint64_t from, uint64_t to) {
    const auto n = std::to_string(from + r.next() % (to - from + 1));
    return n.size() < 2 ? '0' + n : n;
  };
  const auto date = [&] { return "20" + two(10, 30) + '-' + two(1, 12) + '-' + two(1, 28); };
  const auto time = [&] { return two(0, 23) + ':' + two(0, 59) + ':' + two(0, 59) + 'Z'; };
  if (format == "date")
    return date();
  if (format == "time")
    return time();
  if (format == "date-time") {
    const auto day = date();
    return day + 'T' + time();
  }
  if (format == "email")
    return "user" + two(0, 99) + "@example.com";
  if (format == "uri" || format == "url")
    return "https://example.com/" + hex(r.next());
  if (format == "uuid") {
    const auto a = hex(r.next()), b = hex(r.next());
    return a.substr(0, 8) + '-' + a.substr(8, 4) + "-4" + a.substr(13) + "-8" + b.substr(1, 3) +
           '-' + b.substr(4);
  }
  return {};
}

class instance_maker {
public:
  instance_maker(const json::value& root, std::string_view text, size_t echo)
      : root_(root), text_(text), echo_(text.substr(0, echo)) {}

  /// Appends an instance of `schema`; `path` is a hash of the way to it, `name` its last step.
  void add(std::string& out, const json::value& schema, uint64_t path, std::string_view name,
           int depth) {
    const auto* o = schema.if_object();
    if (depth > depth_max || ++values_ > values_max) {
      out += "null";
      return;
    }
    if (!o) // `true`, or no schema at all.
      return text(out, {}, name);
    if (const auto* ref = member(*o, "$ref"); ref && ref->is_string())
      return add(out, resolve(ref->get_string()), path, name, depth + 1);
    if (const auto* only = member(*o, "const")) {
      out += json::serialize(*only);
      return;
    }
    mock_random r{mix(path)};
    if (const auto* list = core::array_at(*o, "enum"); list && !list->empty()) {
      out += json::serialize((*list)[r.next() % list->size()]);
      return;
    }
    for (std::string_view key : {"allOf", "anyOf", "oneOf"})
      if (const auto* list = core::array_at(*o, key); list && !list->empty())
        return add(out, merged(*o, key, *list, depth), path, name, depth + 1);
    const auto type = type_of(*o, depth >= depth_rich);
    if (type == "object")
      object(out, *o, path, depth);
    else if (type == "array")
      array(out, *o, path, name, depth);
    else if (type == "integer" || type == "number")
      append_number(out, number(*o, type == "integer", r));
    else if (type == "boolean")
      out += r.next() % 2 ? "true" : "false";
    else if (type == "null")
      out += "null";
    else
      string(out, *o, name, r);
  }

private:
  /// Follows a reference "#/...". A broken reference allows any value.
  const json::value& resolve(std::string_view ref) const {
    static const json::value anything;
    if (ref.empty() || ref[0] != '#')
      return anything;
    boost::system::error_code ec;
    const auto* found = root_.find_pointer({ref.data() + 1, ref.size() - 1}, ec);
    return found ? *found : anything;
  }

  /// `o` without `key`, and with what the schemas of `list` that count add to it.
  json::value merged(const json::object& o, std::string_view key, const json::array& list,
                     int depth) const {
    json::object out = o;
    out.erase({key.data(), key.size()});
    const auto add = [&](const json::value& v) {
      const auto* more = v.if_object();
      if (const auto* ref = more ? member(*more, "$ref") : nullptr; ref && ref->is_string())
        more = resolve(ref->get_string()).if_object();
      if (!more)
        return;
      for (const auto& [name, value] : *more) {
        auto* there = out.if_contains(name);
        if (there && there->is_object() && value.is_object() && name == "properties")
          for (const auto& p : value.get_object())
            there->get_object().insert_or_assign(p.key(), p.value());
        else if (there && there->is_array() && value.is_array() && name == "required")
          for (const auto& r : value.get_array())
            there->get_array().push_back(r);
        else
          out.insert_or_assign(name, value);
      }
    };
    if (key == "allOf") {
      for (const auto& v : list)
        add(v);
      return out;
    }
    const json::value* chosen = &list[0];
    if (depth >= depth_rich) // Prefer an alternative that has an end.
      for (const auto& v : list)
        if (const auto* s = v.if_object(); s && !member(*s, "$ref") && !member(*s, "properties"))
          chosen = &v;
    add(*chosen);
    return out;
  }

  void object(std::string& out, const json::object& o, uint64_t path, int depth) {
    static const json::object none;
    static const json::value anything;
    const auto* found = core::object_at(o, "properties");
    const auto& properties = found ? *found : none;
    std::set<std::string, std::less<>> required, written;
    if (const auto* list = core::array_at(o, "required"))
      for (const auto& r : *list)
        if (const auto* s = r.if_string())
          required.emplace(s->data(), s->size());
    out += '{';
    const auto add_member = [&](std::string_view name, const json::value& schema) {
      if (!written.emplace(name).second)
        return;
      out += quoted(name);
      out += ':';
      add(out, schema, fnv1a(name, mix(path)), name, depth + 1);
      out += ',';
    };
    for (const auto& p : properties) {
      const std::string_view name{p.key().data(), p.key().size()};
      if (depth < depth_rich || required.contains(name))
        add_member(name, p.value());
    }
    const auto* more = member(o, "additionalProperties");
    for (const auto& name : required)
      add_member(name, more && more->is_object() ? *more : anything);
    for (uint64_t i = 1; written.size() < std::min<uint64_t>(count_at(o, "minProperties", 0), 1000);
         ++i)
      add_member("key" + std::to_string(i), more && more->is_object() ? *more : anything);
    if (out.back() == ',')
      out.pop_back();
    out += '}';
  }

  void array(std::string& out, const json::object& o, uint64_t path, std::string_view name,
             int depth) {
    static const json::value anything;
    const auto* tuple = core::array_at(o, "prefixItems");
    const auto* items = member(o, "items");
    const uint64_t least = count_at(o, "minItems", 0);
    const uint64_t most = std::max(least, count_at(o, "maxItems", UINT64_MAX));
    mock_random r{mix(path + 1)};
    uint64_t count = depth >= depth_rich ? least : 1 + r.next() % items_usual;
    if (tuple)
      count = tuple->size();
    count = std::min<uint64_t>(std::clamp(count, least, most), values_max);
    const auto* unique = member(o, "uniqueItems");
    const bool distinct = unique && unique->is_bool() && unique->get_bool();
    std::set<std::string> seen;
    out += '[';
    for (uint64_t i = 0; i < count; ++i) {
      const json::value& schema = tuple && i < tuple->size() ? (*tuple)[i]
                                  : items                    ? *items
                                                             : anything;
      std::string item;
      for (uint64_t draw = 0; draw < 100; ++draw) {
        item.clear();
        add(item, schema, mix(path + 2 + i + (draw << 32)),
            std::string{name} + ' ' + std::to_string(i + 1), depth + 1);
        if (!distinct || seen.insert(item).second)
          break;
      }
      out += item;
      out += ',';
    }
    if (out.back() == ',')
      out.pop_back();
    out += ']';
  }

  static double number(const json::object& o, bool whole, mock_random& r) {
    const auto above = number_at(o, "exclusiveMinimum"), below = number_at(o, "exclusiveMaximum");
    const auto from = number_at(o, "minimum"), to = number_at(o, "maximum");
    const auto step = number_at(o, "multipleOf");
    // On a grid of multiples, so that the bounds hold exactly.
    double grid = step && *step > 0 ? *step : whole ? 1 : 0.25;
    double low = from ? *from : above ? *above : 0;
    double high = to ? *to : below ? *below : std::max(100.0, low + 100 * grid);
    if (!from && !above)
      low = std::min(low, high - 100 * grid);
    if (!step && !whole && high - low < 4 * grid)
      grid = (high - low) / 16;
    if (!(grid > 0))
      return low;
    const bool free = !step && !whole; // Counted from `low`, else from zero.
    const double base = free ? low : 0;
    double first = std::ceil((low - base) / grid), last = std::floor((high - base) / grid);
    if (above && base + first * grid <= *above)
      ++first;
    if (below && base + last * grid >= *below)
      --last;
    const double span = std::clamp(last - first + 1, 1.0, 1e9);
    return base + (first + static_cast<double>(r.next() % static_cast<uint64_t>(span))) * grid;
  }

  void string(std::string& out, const json::object& o, std::string_view name, mock_random& r) {
    const auto least = count_at(o, "minLength", 0);
    const auto most = count_at(o, "maxLength", UINT64_MAX);
    const auto form = formatted(core::text_at(o, "format"), r);
    if (!form.empty())
      append_json(out, form);
    else
      text(out, {least, most}, name);
  }

  struct length {
    uint64_t least = 0, most = UINT64_MAX; ///< Code points.
  };
  void text(std::string& out, length wanted, std::string_view name) {
    std::string words;
    if (!name.empty() && name != "answer")
      words.append(name).append(": ");
    words += std::exchange(said_, true) || wanted.most != UINT64_MAX ? echo_ : text_;
    for (auto have =
           std::count_if(words.begin(), words.end(), [](char c) { return (c & 0xc0) != 0x80; });
         static_cast<uint64_t>(have) < std::min<uint64_t>(wanted.least, 1'000'000); have += 4)
      words += " and";
    append_json(out, first_codepoints(words, std::min<uint64_t>(wanted.most, words.size())));
  }

  const json::value& root_;
  std::string_view text_, echo_;
  bool said_ = false; ///< The whole text.
  int values_ = 0;
};

} // namespace

std::string make_instance(const json::value& schema, std::string_view text, size_t echo,
                          uint64_t seed) {
  std::string out;
  instance_maker{schema, text, echo}.add(out, schema, mix(seed), {}, 0);
  return out;
}

} // namespace penstock::mock
