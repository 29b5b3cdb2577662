#include "config/toml_file.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

// Included only here, because the header costs seconds to compile.
#include <toml++/toml.h>

namespace penstock::config {

namespace {

constexpr size_t file_size_max = 1 << 20;

error toml_refused(std::string text) { return {errc::invalid_config, std::move(text)}; }

/// Walks a parsed document and collects its leaves. The parser limits the depth.
class flattener {
public:
  std::vector<file_entry> entries;

  void table(const std::string& prefix, const toml::table& from) {
    for (auto&& [key, child] : from)
      node(prefix.empty() ? std::string{key.str()} : prefix + "." + std::string{key.str()}, child);
    if (from.empty() && !prefix.empty())
      add(prefix, from, other_value{"an empty section"});
  }

private:
  void node(const std::string& key, const toml::node& from) {
    if (auto section = from.as_table())
      return table(key, *section);
    if (auto list = from.as_array())
      return array(key, *list);
    if (auto b = from.as_boolean())
      return add(key, from, scalar{b->get()});
    if (auto n = from.as_integer())
      return add(key, from, scalar{int64_t{n->get()}});
    if (auto x = from.as_floating_point())
      return add(key, from, scalar{x->get()});
    if (auto text = from.as_string())
      return add(key, from, scalar{text->get()});
    add(key, from, other_value{"a date or time"});
  }

  void array(const std::string& key, const toml::array& from) {
    if (!from.empty() && from.is_homogeneous<toml::table>()) {
      for (size_t i = 0; i < from.size(); ++i)
        table(key + "[" + std::to_string(i) + "]", *from[i].as_table());
      return;
    }
    std::vector<std::string> texts;
    for (auto&& element : from) {
      auto text = element.as_string();
      if (!text)
        return add(key, from, other_value{"a list of other things than text"});
      texts.push_back(text->get());
    }
    add(key, from, std::move(texts));
  }

  void add(const std::string& key, const toml::node& from, file_value value) {
    const auto at = from.source().begin;
    entries.push_back({key, std::move(value), at.line, at.column});
  }
};

} // namespace

std::string described(const file_value& value) {
  if (auto other = std::get_if<other_value>(&value))
    return other->what;
  return std::holds_alternative<scalar>(value) ? "a single value" : "a list";
}

result<std::vector<file_entry>> parse_toml(std::string_view text, const std::string& name) {
  try {
    flattener flat;
    flat.table("", toml::parse(text, name));
    std::ranges::stable_sort(flat.entries, {}, [](auto& e) { return std::pair{e.line, e.column}; });
    return std::move(flat.entries);
  } catch (const toml::parse_error& e) {
    const auto at = e.source().begin;
    return toml_refused(name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
                        ": not TOML: " + std::string{e.description()});
  }
}

result<std::vector<file_entry>> read_toml(const std::string& name) {
  std::error_code ec;
  const auto status = std::filesystem::status(name, ec);
  if (!std::filesystem::exists(status))
    return toml_refused("there is no configuration file " + in_quotes(name));
  if (!std::filesystem::is_regular_file(status))
    return toml_refused("the configuration file " + in_quotes(name) + " is not a regular file");
  if (std::filesystem::file_size(name, ec) > file_size_max)
    return toml_refused("the configuration file " + in_quotes(name) + " is larger than 1 MiB");
  std::ifstream file{name, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file && !file.eof())
    return toml_refused("cannot read the configuration file " + in_quotes(name));
  return parse_toml(text, name);
}

} // namespace penstock::config
