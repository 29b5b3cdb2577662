#include "config/toml_tree.hpp"
#include "config/text.hpp"
#include "core/base/suggest.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <sstream>

#include <toml++/toml.h>

namespace penstock::config {

namespace {

namespace json = boost::json;

std::string shown(const toml_node& node) {
  if (node.what == toml_node::kind::table)
    return "a table";
  if (node.what == toml_node::kind::list)
    return "a list";
  if (auto text = node.leaf.if_string())
    return in_quotes({text->data(), text->size()});
  return json::serialize(node.leaf);
}

json::value leaf_of(const toml::node& from) {
  if (auto b = from.as_boolean())
    return b->get();
  if (auto n = from.as_integer())
    return n->get();
  if (auto x = from.as_floating_point())
    return x->get();
  if (auto text = from.as_string())
    return json::string{text->get()};
  std::ostringstream out; // Dates and times.
  from.visit([&](auto& value) {
    if constexpr (toml::is_date<decltype(value)> || toml::is_time<decltype(value)> ||
                  toml::is_date_time<decltype(value)>)
      out << value.get();
  });
  return json::string{out.str()};
}

/// The parser limits the depth.
toml_node node_of(std::string key, const toml::node& from) {
  toml_node node;
  node.key = std::move(key);
  node.line = from.source().begin.line;
  node.column = from.source().begin.column;
  if (auto list = from.as_array()) {
    node.what = toml_node::kind::list;
    for (auto& entry : *list)
      node.members.push_back(node_of({}, entry));
  } else if (auto table = from.as_table()) {
    node.what = toml_node::kind::table;
    for (auto& [name, entry] : *table)
      node.members.push_back(node_of(std::string{name.str()}, entry));
    // A table made by a dotted key has the place of its first member.
    std::ranges::stable_sort(node.members, {}, [](auto& m) { return std::pair{m.line, m.column}; });
  } else {
    node.leaf = leaf_of(from);
  }
  return node;
}

} // namespace

const toml_node* toml_node::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(members, name, &toml_node::key);
  return found == members.end() || what != kind::table ? nullptr : &*found;
}

json::value toml_node::to_json() const {
  if (what == kind::leaf)
    return leaf;
  if (what == kind::list) {
    json::array list;
    for (auto& member : members)
      list.push_back(member.to_json());
    return list;
  }
  json::object object;
  for (auto& member : members)
    object.emplace(member.key, member.to_json());
  return object;
}

result<toml_node> parse_toml_tree(std::string_view text, const std::string& name) {
  try {
    return node_of({}, toml::parse(text, name));
  } catch (const toml::parse_error& e) {
    const auto at = e.source().begin;
    return error{errc::invalid_config, name + ":" + std::to_string(at.line) + ":" +
                                         std::to_string(at.column) +
                                         ": not TOML: " + std::string{e.description()}};
  }
}

toml_section::toml_section(const std::string& file, std::string path, const toml_node& table,
                           std::string& faults)
    : file_{file}, path_{std::move(path)}, table_{table}, faults_{faults} {}

std::string toml_section::dotted(std::string_view name) const {
  if (name.empty())
    return path_;
  return path_.empty() ? std::string{name} : path_ + "." + std::string{name};
}

std::string toml_section::place(std::string_view name, const toml_node* at) const {
  return file_ + ":" + std::to_string(std::max(1u, (at ? at : &table_)->line)) + ": " +
         dotted(name);
}

void toml_section::refuse(std::string_view name, const toml_node* at, const std::string& what) {
  const auto& node = at ? *at : table_;
  faults_ += (faults_.empty() ? "" : "\n") + file_ + ":" + std::to_string(std::max(1u, node.line)) +
             ":" + std::to_string(std::max(1u, node.column)) + ": " + dotted(name) + " " + what;
}

const toml_node* toml_section::any(std::string_view name) {
  known_.emplace(name);
  return table_.find(name);
}

std::optional<std::string> toml_section::text(std::string_view name) {
  auto node = any(name);
  if (!node)
    return std::nullopt;
  if (auto value = node->leaf.if_string())
    return std::string{*value};
  refuse(name, node, "must be a text, is " + shown(*node));
  return std::nullopt;
}

std::optional<bool> toml_section::boolean(std::string_view name) {
  auto node = any(name);
  if (!node)
    return std::nullopt;
  if (node->leaf.is_bool())
    return node->leaf.get_bool();
  refuse(name, node, "must be true or false, is " + shown(*node));
  return std::nullopt;
}

std::optional<int64_t> toml_section::integer(std::string_view name, int64_t min, int64_t max) {
  auto node = any(name);
  if (!node)
    return std::nullopt;
  auto value = node->leaf.if_int64();
  if (value && *value >= min && *value <= max)
    return *value;
  refuse(name, node,
         "must be an integer from " + std::to_string(min) + " to " + std::to_string(max) + ", is " +
           shown(*node));
  return std::nullopt;
}

std::optional<std::string> toml_section::choice(std::string_view name,
                                                std::span<const std::string_view> words) {
  auto word = text(name);
  if (!word || std::ranges::find(words, *word) != words.end())
    return word;
  std::string allowed;
  for (auto w : words)
    allowed += (allowed.empty() ? "" : ", ") + std::string{w};
  const std::vector<std::string> candidates{words.begin(), words.end()};
  refuse(name, table_.find(name),
         "must be one of " + allowed + ", is " + in_quotes(*word) +
           core::did_you_mean(core::nearest(*word, candidates)));
  return std::nullopt;
}

std::optional<std::vector<std::string>> toml_section::texts(std::string_view name) {
  auto node = any(name);
  if (!node)
    return std::nullopt;
  if (auto value = node->leaf.if_string())
    return std::vector{std::string{*value}};
  std::vector<std::string> out;
  for (auto& member : node->members)
    if (auto value = member.leaf.if_string())
      out.emplace_back(*value);
  if (node->what == toml_node::kind::list && out.size() == node->members.size())
    return out;
  refuse(name, node, "must be a text or a list of texts");
  return std::nullopt;
}

const toml_node* toml_section::table(std::string_view name) {
  auto node = any(name);
  if (!node || node->what == toml_node::kind::table)
    return node;
  refuse(name, node, "must be a table ([" + dotted(name) + "]), is " + shown(*node));
  return nullptr;
}

void toml_section::refuse_others(const std::string& of) {
  const std::vector<std::string> candidates{known_.begin(), known_.end()};
  for (auto& member : table_.members)
    if (!known_.contains(member.key))
      refuse(in_quotes(member.key), &member,
             "is no key of " + of + core::did_you_mean(core::nearest(member.key, candidates)));
}

} // namespace penstock::config
