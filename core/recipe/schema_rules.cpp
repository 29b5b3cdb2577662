#include "core/recipe/schema_rules.hpp"
#include "core/json/json_fields.hpp"
#include "core/recipe/schema_path.hpp"
#include "core/recipe/utf8_pattern.hpp"
#include "core/base/suggest.hpp"
#include "core/base/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <regex>
#include <span>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr size_t rules_depth_max = 64;
constexpr size_t schemas_max = 5000;

constexpr std::array<std::string_view, 4> maps_of_schemas{"properties", "patternProperties",
                                                          "definitions", "$defs"};
constexpr std::array<std::string_view, 3> lists_of_schemas{"allOf", "anyOf", "oneOf"};
constexpr std::array<std::string_view, 4> same_value_schemas{"not", "if", "then", "else"};
constexpr std::array<std::string_view, 5> inner_schemas{
  "items", "additionalItems", "additionalProperties", "contains", "propertyNames"};
/// Keywords of drafts 2019-09 and 2020-12. Ignoring them would accept wrong answers.
constexpr std::array<std::string_view, 9> later_keywords{
  "prefixItems",       "unevaluatedProperties", "unevaluatedItems",
  "dependentRequired", "dependentSchemas",      "minContains",
  "maxContains",       "$dynamicRef",           "$recursiveRef"};
constexpr std::array<std::string_view, 7> type_names{"string", "number", "integer", "boolean",
                                                     "object", "array",  "null"};

/// Keywords of draft 7 that are checked.
constexpr std::array<std::string_view, 36> checked_keywords{"type",
                                                            "enum",
                                                            "const",
                                                            "properties",
                                                            "required",
                                                            "items",
                                                            "$ref",
                                                            "minimum",
                                                            "maximum",
                                                            "minLength",
                                                            "maxLength",
                                                            "pattern",
                                                            "minItems",
                                                            "maxItems",
                                                            "uniqueItems",
                                                            "additionalProperties",
                                                            "anyOf",
                                                            "allOf",
                                                            "oneOf",
                                                            "not",
                                                            "if",
                                                            "then",
                                                            "else",
                                                            "exclusiveMinimum",
                                                            "multipleOf",
                                                            "format",
                                                            "contains",
                                                            "exclusiveMaximum",
                                                            "minProperties",
                                                            "maxProperties",
                                                            "propertyNames",
                                                            "patternProperties",
                                                            "dependencies",
                                                            "definitions",
                                                            "$defs",
                                                            "additionalItems"};
/// Keywords for people or providers, without a check.
constexpr std::array<std::string_view, 17> silent_keywords{
  "title",           "description", "default", "example",     "examples",        "$comment",
  "$schema",         "$id",         "id",      "readOnly",    "writeOnly",       "contentMediaType",
  "contentEncoding", "deprecated",  "$anchor", "$vocabulary", "propertyOrdering"};

using visitor = std::function<void(const json::object&, std::string_view)>;

void walk(const json::value& at, std::string_view property, const visitor& visit, size_t depth) {
  if (auto list = at.if_array(); list && depth <= rules_depth_max) { // `items` as a list.
    for (auto& entry : *list)
      walk(entry, property, visit, depth + 1);
    return;
  }
  auto schema = at.if_object();
  if (!schema || depth > rules_depth_max)
    return;
  visit(*schema, property);
  for (auto key : maps_of_schemas)
    if (auto map = object_at(*schema, key))
      for (auto& member : *map)
        walk(member.value(),
             key == "properties" ? std::string_view{member.key()} : std::string_view{}, visit,
             depth + 1);
  if (auto map = object_at(*schema, "dependencies"))
    for (auto& member : *map)
      if (member.value().is_object())
        walk(member.value(), property, visit, depth + 1);
  for (auto keys : {std::span<const std::string_view>{lists_of_schemas},
                    std::span<const std::string_view>{same_value_schemas},
                    std::span<const std::string_view>{inner_schemas}})
    for (auto key : keys)
      if (auto inner = schema->if_contains(key))
        walk(*inner, property, visit, depth + 1);
}

/// How deep lists and objects are nested in `v`.
size_t depth_of(const json::value& v) {
  size_t most = 0;
  if (auto list = v.if_array())
    for (auto& entry : *list)
      most = std::max(most, depth_of(entry));
  else if (auto object = v.if_object())
    for (auto& member : *object)
      most = std::max(most, depth_of(member.value()));
  else
    return 0;
  return most + 1;
}

std::string quoted(std::string_view text) { return '"' + clean_text(text, 60) + '"'; }

std::string type_fault(const json::object& schema) {
  auto type = schema.if_contains("type");
  if (!type)
    return {};
  const auto known = [](const json::value& name) {
    return name.is_string() &&
           std::ranges::find(type_names, std::string_view{name.get_string()}) != type_names.end();
  };
  auto list = type->if_array();
  if (list ? !list->empty() && std::ranges::all_of(*list, known) : known(*type))
    return {};
  return "\"type\" must be string, number, integer, boolean, object, array or null, is " +
         clean_text(json::serialize(*type), 60);
}

std::string pattern_fault(std::string_view pattern) {
  constexpr size_t pattern_max = 1000;
  if (pattern.size() > pattern_max)
    return "a pattern is longer than 1000 bytes";
  const auto bytes = utf8_pattern(pattern);
  if (!bytes)
    return "the pattern " + quoted(pattern) + " cannot be used: " + bytes.error().context;
  try {
    std::regex{*bytes};
  } catch (const std::regex_error&) {
    return "the pattern " + quoted(pattern) + " is no regular expression";
  }
  return {};
}

bool is_among(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// The first keyword that would not be checked, which is most often a mistake; empty: none.
std::string keyword_fault(const json::value& root, const json::object& schema,
                          const std::set<std::string, std::less<>>& referred) {
  for (auto& member : schema) {
    const std::string_view key = member.key();
    if (is_among(checked_keywords, key) || is_among(silent_keywords, key) ||
        is_among(later_keywords, key) || key.starts_with("x-"))
      continue;
    if (&schema == root.if_object() && referred.contains(key))
      continue; // A place for definitions that references point into.
    if (key == "nullable")
      return "the keyword \"nullable\" is none of JSON schema; write \"type\": [\"string\", "
             "\"null\"]";
    const std::vector<std::string> known{checked_keywords.begin(), checked_keywords.end()};
    const auto near = nearest(key, known);
    return "the keyword " + quoted(key) + " is none of JSON schema" +
           (near ? did_you_mean(near) : "; names of fields belong below \"properties\"");
  }
  return {};
}

/// The members of the root that references point into: "#/components/schemas/x" gives "components".
std::set<std::string, std::less<>> referred_members(const json::value& root) {
  std::set<std::string, std::less<>> out;
  for_each_schema(root, [&](const json::object& schema, std::string_view) {
    const auto ref = text_at(schema, "$ref");
    if (ref.starts_with("#/"))
      out.emplace(ref.substr(2, ref.find('/', 2) - 2));
  });
  return out;
}

/// Whether a schema accepts every value.
bool constrains_nothing(const json::object& schema) {
  return std::ranges::all_of(schema, [](auto& member) {
    const std::string_view key = member.key();
    auto inner = member.value().if_object();
    return !is_among(checked_keywords, key) || key == "definitions" || key == "$defs" ||
           (key == "properties" && inner && inner->empty()) ||
           (key == "required" && member.value().is_array() && member.value().get_array().empty());
  });
}

std::string one_fault(const json::value& root, const json::object& schema) {
  for (auto key : later_keywords)
    if (schema.contains(key))
      return "the keyword \"" + std::string{key} + "\" would not be checked; write it by draft 7";
  if (auto fault = type_fault(schema); !fault.empty())
    return fault;
  for (std::string_view key : {"required", "enum", "allOf", "anyOf", "oneOf"})
    if (auto list = schema.if_contains(key); list && !list->is_array())
      return '"' + std::string{key} + "\" must be a list";
  for (std::string_view key : {"properties", "patternProperties"})
    if (auto map = schema.if_contains(key); map && !map->is_object())
      return '"' + std::string{key} + "\" must be an object";
  if (auto ref = schema.if_contains("$ref")) {
    if (!ref->is_string() || !std::string_view{ref->get_string()}.starts_with('#'))
      return "\"$ref\" may only point into the same schema (\"#/definitions/...\")";
    if (!follow_refs(root, json::value(json::object{{"$ref", *ref}})))
      return "\"$ref\": " + quoted(ref->get_string()) + " leads nowhere, or round in circles";
  }
  if (auto step = schema.if_contains("multipleOf"); step && step->is_number())
    if (step->to_number<double>() <= 0)
      return "\"multipleOf\" must be above 0";
  if (auto pattern = schema.if_contains("pattern"); pattern && pattern->is_string())
    if (auto fault = pattern_fault(pattern->get_string()); !fault.empty())
      return fault;
  if (auto map = object_at(schema, "patternProperties"))
    for (auto& member : *map)
      if (auto fault = pattern_fault(member.key()); !fault.empty())
        return fault;
  return {};
}

/// Finds schemas that refer to themselves without a step into the answer: checking them never ends.
class circle_finder {
public:
  explicit circle_finder(const json::value& root) : root_{root} {}

  bool circular(const json::value& at) {
    auto schema = at.if_object();
    if (!schema)
      return false;
    auto [mark, fresh] = marks_.emplace(schema, state::open);
    if (!fresh)
      return mark->second == state::open;
    bool found = false;
    if (schema->contains("$ref")) {
      auto to = follow_refs(root_, at);
      found = to && to != &at && circular(*to);
    }
    for (auto key : lists_of_schemas)
      if (auto list = filled_array_at(*schema, key))
        for (auto& entry : *list)
          found = found || circular(entry);
    for (auto key : same_value_schemas)
      if (auto inner = schema->if_contains(key))
        found = found || circular(*inner);
    if (auto map = object_at(*schema, "dependencies"))
      for (auto& member : *map)
        found = found || circular(member.value());
    marks_[schema] = state::done;
    return found;
  }

private:
  enum class state : uint8_t { open, done };
  const json::value& root_;
  std::map<const json::object*, state> marks_;
};

bool is_strict_object(const json::object& schema) {
  auto properties = object_at(schema, "properties");
  auto rest = schema.if_contains("additionalProperties");
  auto required = schema.if_contains("required");
  if (!properties || !rest || *rest != json::value(false) || !required || !required->is_array())
    return false;
  return std::ranges::all_of(*properties, [&](auto& member) {
    return std::ranges::any_of(required->get_array(), [&](const json::value& name) {
      return name.is_string() && name.get_string() == member.key();
    });
  });
}

} // namespace

void for_each_schema(const json::value& root, const visitor& visit) { walk(root, {}, visit, 0); }

std::string schema_fault(const json::value& root) {
  if (!root.is_object())
    return "a schema must be an object";
  if (depth_of(root) > rules_depth_max)
    return "the schema is nested deeper than " + std::to_string(rules_depth_max);
  std::string fault;
  size_t count = 0;
  const auto referred = referred_members(root);
  for_each_schema(root, [&](const json::object& schema, std::string_view property) {
    ++count;
    if (!fault.empty())
      return;
    fault = one_fault(root, schema);
    if (fault.empty())
      fault = keyword_fault(root, schema, referred);
    if (!fault.empty() && !property.empty())
      fault = "property " + quoted(property) + ": " + fault;
  });
  if (fault.empty() && count > schemas_max)
    return "the schema has more than " + std::to_string(schemas_max) + " parts";
  if (!fault.empty())
    return fault;
  if (constrains_nothing(root.get_object()))
    return "the schema constrains nothing: any JSON would fit; give it a \"type\" and "
           "\"properties\"";
  circle_finder finder{root};
  bool circular = finder.circular(root);
  for_each_schema(root, [&](const json::object& schema, std::string_view) {
    for (auto keys : {std::span<const std::string_view>{maps_of_schemas}})
      for (auto key : keys)
        if (auto map = object_at(schema, key))
          for (auto& member : *map)
            circular = circular || finder.circular(member.value());
    for (auto key : inner_schemas)
      if (auto inner = schema.if_contains(key))
        circular = circular || finder.circular(*inner);
  });
  return circular ? "the schema refers to itself without a step into the answer" : "";
}

bool is_strict_schema(const json::value& root) {
  auto top = root.if_object();
  if (!top || text_at(*top, "type") != "object" || top->contains("anyOf"))
    return false;
  bool strict = true;
  for_each_schema(root, [&](const json::object& schema, std::string_view) {
    for (std::string_view key :
         {"allOf", "oneOf", "not", "if", "then", "else", "dependencies", "patternProperties",
          "propertyNames", "contains", "additionalItems", "uniqueItems", "minLength", "maxLength",
          "minProperties", "maxProperties", "default"})
      strict = strict && !schema.contains(key);
    auto type = schema.if_contains("type");
    const bool says_something = type || schema.contains("$ref") || schema.contains("anyOf") ||
                                schema.contains("enum") || schema.contains("const");
    const auto is = [&](std::string_view name) {
      if (!type)
        return false;
      if (auto list = type->if_array())
        return std::ranges::find(*list, json::value(name)) != list->end();
      return *type == json::value(name);
    };
    strict = strict && says_something;
    if (is("object") || schema.contains("properties"))
      strict = strict && is_strict_object(schema);
    if (is("array"))
      strict = strict && object_at(schema, "items");
  });
  return strict;
}

pattern_use find_patterns(const json::value& root) {
  pattern_use use;
  for_each_schema(root, [&](const json::object& schema, std::string_view property) {
    use.keys = use.keys || schema.contains("patternProperties");
    if (auto names = object_at(schema, "propertyNames"))
      use.keys = use.keys || names->contains("pattern");
    // `format` is checked by patterns as well.
    if (!schema.contains("pattern") && !schema.contains("format"))
      return;
    if (property.empty())
      use.anywhere = true;
    else
      use.properties.emplace(property);
  });
  return use;
}

} // namespace penstock::core
