#include "core/recipe/schema_check.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_text.hpp"
#include "core/recipe/row_scope.hpp"
#include "core/recipe/schema_path.hpp"
#include "core/recipe/schema_rules.hpp"
#include "core/recipe/utf8_pattern.hpp"
#include "core/base/text.hpp"

#include <boost/json.hpp>

// Else it ends the process at a wrong schema.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <algorithm>
#include <cmath>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr size_t check_depth_max = 64; // The validator is recursive.
constexpr size_t matched_max = 2000;   // Bytes of a text that is matched with a pattern.
constexpr size_t text_shown_max = 300; // Of one fault.

/// Converts whole numbers to integers: by the standard, 5.0 is an integer. Larger numbers become
/// doubles. @returns false if it is nested too deeply.
bool normalize(json::value& v, size_t depth = 0) {
  constexpr double exact = 9'007'199'254'740'992.0;
  if (depth > check_depth_max)
    return false;
  if (auto x = v.if_double(); x && std::abs(*x) <= exact && *x == std::floor(*x))
    v = static_cast<int64_t>(*x);
  else if (auto n = v.if_uint64())
    v = static_cast<double>(*n);
  else if (auto list = v.if_array())
    return std::ranges::all_of(*list,
                               [&](json::value& entry) { return normalize(entry, depth + 1); });
  else if (auto object = v.if_object())
    return std::ranges::all_of(*object,
                               [&](auto& member) { return normalize(member.value(), depth + 1); });
  return true;
}

/// The validator divides by whole steps, and ignores fractions.
void use_real_steps(json::value& v) {
  if (auto list = v.if_array())
    for (auto& entry : *list)
      use_real_steps(entry);
  auto object = v.if_object();
  if (!object)
    return;
  for (auto& member : *object)
    use_real_steps(member.value());
  if (auto step = object->if_contains("multipleOf"); step && step->is_int64())
    *step = static_cast<double>(step->get_int64());
}

/// Rewrites patterns for the validator, which matches bytes. @pre Each can be rewritten.
void use_byte_patterns(json::value& v) {
  if (auto list = v.if_array())
    for (auto& entry : *list)
      use_byte_patterns(entry);
  auto schema = v.if_object();
  if (!schema)
    return;
  for (auto& member : *schema) {
    const std::string_view key = member.key();
    if (key == "pattern" && member.value().is_string()) {
      if (auto bytes = utf8_pattern(member.value().get_string()))
        member.value() = json::string{*bytes};
    } else if (key == "enum" || key == "const" || key == "default" || key == "examples") {
      continue; // Values, not schemas.
    } else if (auto map = member.value().if_object();
               map && (key == "properties" || key == "patternProperties")) {
      json::object rewritten;
      for (auto& inner : *map) {
        use_byte_patterns(inner.value());
        auto name = std::string{inner.key()};
        if (auto bytes = utf8_pattern(name); bytes && key == "patternProperties")
          name = std::move(*bytes);
        rewritten[name] = std::move(inner.value());
      }
      *map = std::move(rewritten);
    } else {
      use_byte_patterns(member.value());
    }
  }
}

/// Removes wrappers that people copy with a schema: the wrapper of OpenAI ({"name", "strict",
/// "schema"}), all of its `response_format`, the definition of a tool. @returns the schema inside.
json::value unwrapped(json::value given) {
  auto object = given.if_object();
  if (!object || object->contains("properties") || object->contains("$ref"))
    return given;
  const auto inner = [&](std::string_view key) {
    auto value = object->if_contains(key);
    return value && value->is_object() ? value : nullptr;
  };
  const auto kind = text_at(*object, "type");
  if (auto format = inner("json_schema"); format && kind == "json_schema")
    return unwrapped(json::value(*format));
  if (auto function = inner("function"); function && kind == "function")
    return unwrapped(json::value(*function));
  if (!object->contains("name") && !object->contains("strict") && kind != "json_schema")
    return given;
  for (std::string_view key : {"schema", "parameters", "input_schema"})
    if (auto schema = inner(key))
      return *schema;
  return given;
}

/// The fault of a text that is too long for its patterns, or an empty text.
std::string long_text(const json::value& v, const pattern_use& patterns, std::string_view key) {
  if (auto text = v.if_string())
    return text->size() > matched_max && (patterns.anywhere || patterns.properties.contains(key))
             ? "$: the text of \"" + clean_text(key, 60) + "\" is longer than " +
                 std::to_string(matched_max) + " bytes, which its pattern cannot take"
             : "";
  if (auto list = v.if_array())
    for (auto& entry : *list)
      if (auto fault = long_text(entry, patterns, key); !fault.empty())
        return fault;
  if (auto object = v.if_object())
    for (auto& member : *object) {
      if (patterns.keys && member.key().size() > matched_max)
        return "$: a property has a name of more than " + std::to_string(matched_max) + " bytes";
      if (auto fault = long_text(member.value(), patterns, member.key()); !fault.empty())
        return fault;
    }
  return {};
}

/// The place of a fault in an answer, and the schema for that place.
struct fault_place {
  std::string path = "$";
  const json::value* value = nullptr;  ///< Null if the path cannot be followed.
  const json::value* schema = nullptr; ///< Null if it is not clear.
};

void append_step(std::string& path, std::string_view name, bool in_list) {
  constexpr std::string_view plain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  if (in_list)
    path.append("[").append(name).append("]");
  else if (!name.empty() && name.find_first_not_of(plain) == std::string_view::npos)
    path.append(".").append(name);
  else
    path.append("[\"").append(clean_text(name, 60)).append("\"]");
}

/// @param steps From the validator: "<root>", "[name]", "[0]".
fault_place locate(const std::vector<std::string>& steps, const json::value& answer,
                   const json::value& schema) {
  fault_place place{"$", &answer, &schema};
  for (size_t i = 1; i < steps.size(); ++i) {
    std::string_view name = steps[i];
    name.remove_prefix(1);
    name.remove_suffix(1);
    const bool in_list = place.value && place.value->is_array();
    append_step(place.path, name, in_list);
    const auto* from = place.value;
    place.value = !from ? nullptr : in_list ? value_at(*from, name) : nullptr;
    if (auto object = from ? from->if_object() : nullptr)
      place.value = object->if_contains(name);
    const bool plain = place.schema && name.find('.') == std::string_view::npos;
    place.schema = plain ? schema_at(schema, *place.schema, name).schema : nullptr;
  }
  return place;
}

std::string shown(const json::value& v) { return clean_text(json_text(v), 120); }

std::string_view kind_name(const json::value& v) {
  switch (v.kind()) {
  case json::kind::null: return "null";
  case json::kind::bool_: return "a boolean";
  case json::kind::string: return "a string";
  case json::kind::array: return "an array";
  case json::kind::object: return "an object";
  default: return "a number";
  }
}

/// The message of the validator, rewritten so that a model can use it.
std::string explain(const std::string& said, const fault_place& place) {
  auto rule = place.schema ? place.schema->if_object() : nullptr;
  const auto of_rule = [&](std::string_view key) {
    return rule ? rule->if_contains(key) : nullptr;
  };
  const auto is = place.value ? ", is " + shown(*place.value) : std::string{};
  if (said.find("'type' constraint") != std::string::npos)
    if (auto type = of_rule("type"); type && place.value)
      return "must be " +
             (type->is_string() ? std::string{type->get_string()} : "one of " + shown(*type)) +
             ", is " +
             (place.value->is_number() ? shown(*place.value)
                                       : std::string{kind_name(*place.value)});
  if (said.find("enum values") != std::string::npos)
    if (auto allowed = of_rule("enum"))
      return "must be one of " + clean_text(json_text(*allowed), text_shown_max / 2) + is;
  if (said.find("'const' constraint") != std::string::npos)
    if (auto wanted = of_rule("const"))
      return "must be " + shown(*wanted) + is;
  if (said.find("'pattern' constraint") != std::string::npos)
    if (auto pattern = of_rule("pattern"))
      return "must match the pattern " + shown(*pattern) + is;
  if (const auto at = said.find("constraints: '"); at != std::string::npos)
    return "has a property that is not allowed: " + said.substr(at + 13);
  if (said.starts_with("Expected number"))
    for (std::string_view key : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
      if (auto bound = of_rule(key);
          bound && bound->is_number() && place.value && place.value->is_number()) {
        const auto have = place.value->to_number<double>(), limit = bound->to_number<double>();
        if (key == "minimum"            ? have < limit
            : key == "maximum"          ? have > limit
            : key == "exclusiveMinimum" ? have <= limit
                                        : have >= limit)
          return "must be " +
                 std::string{key == "minimum"            ? "at least "
                             : key == "maximum"          ? "at most "
                             : key == "exclusiveMinimum" ? "above "
                                                         : "below "} +
                 shown(*bound) + is;
      }
  return said;
}

/// Whether a fault only repeats that a part failed.
bool is_consequence(std::string_view said) {
  return said.starts_with("Failed to validate item #") ||
         said.starts_with("Failed to validate against child schema") ||
         said.starts_with("Failed to validate against schema associated with") ||
         said.starts_with("Failed to validate against additional properties");
}

} // namespace

struct schema_check::compiled {
  json::value given;      ///< As received.
  json::value normalized; ///< The same with whole numbers as integers, to explain faults.
  json::value checked;    ///< In the form for the validator.
  pattern_use patterns;
  valijson::Schema schema;
  bool strict = false;
};

result<schema_check> schema_check::compile(json::value schema) {
  const auto refused = [](const std::string& why) { return error{errc::invalid_config, why}; };
  schema = unwrapped(std::move(schema));
  if (auto fault = schema_fault(schema); !fault.empty())
    return refused(fault);
  auto made = std::make_shared<compiled>();
  made->normalized = schema;
  normalize(made->normalized);
  use_real_steps(made->normalized);
  made->normalized.get_object().erase("$id");
  made->normalized.get_object().erase("$schema");
  made->checked = made->normalized;
  use_byte_patterns(made->checked);
  made->given = std::move(schema);
  made->patterns = find_patterns(made->given);
  made->strict = is_strict_schema(made->given);
  try {
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::BoostJsonAdapter{made->checked}, made->schema);
  } catch (const std::exception& e) {
    return refused(clean_text(e.what(), text_shown_max));
  }
  schema_check check;
  check.compiled_ = std::move(made);
  return check;
}

std::optional<std::string> schema_check::check(const json::value& given) const {
  auto answer = given;
  if (!normalize(answer))
    return "$: nested deeper than " + std::to_string(check_depth_max);
  if (auto fault = long_text(answer, compiled_->patterns, {}); !fault.empty())
    return fault;
  valijson::ValidationResults results;
  try {
    valijson::Validator validator;
    if (validator.validate(compiled_->schema, valijson::adapters::BoostJsonAdapter{answer},
                           &results))
      return std::nullopt;
  } catch (const std::exception& e) {
    return "$: cannot be checked: " + clean_text(e.what(), text_shown_max);
  }
  const bool only_consequences =
    std::ranges::all_of(results, [](auto& e) { return is_consequence(e.description); });
  std::string text;
  std::set<std::string> lines;
  for (auto& e : results) {
    if (is_consequence(e.description) && !only_consequences)
      continue;
    const auto place = locate(e.context, answer, compiled_->normalized);
    auto line = clean_text(place.path + ": " + explain(e.description, place), text_shown_max);
    if (!lines.insert(line).second)
      continue;
    if (lines.size() > faults_max || text.size() + line.size() + 5 > text_max) {
      text += "\n...";
      break;
    }
    text += (text.empty() ? "" : "\n") + line;
  }
  return text.empty() ? "$: does not fit the schema" : text;
}

const json::value& schema_check::schema() const noexcept { return compiled_->given; }

bool schema_check::is_strict() const noexcept { return compiled_->strict; }

} // namespace penstock::core
