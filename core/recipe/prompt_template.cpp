#include "core/recipe/prompt_template.hpp"
#include "core/recipe/table_writer.hpp"
#include "core/base/text.hpp"

#include <kainjow/mustache.hpp>

#include <algorithm>
#include <deque>
#include <unordered_map>

namespace penstock::core {

namespace {

namespace json = boost::json;
namespace mustache = kainjow::mustache;

/// Thrown out of a rendering that grows too large.
struct too_large {};

/// Whether a section over `value` is skipped.
bool is_nothing(const json::value& value) noexcept {
  if (auto text = value.if_string())
    return text->empty();
  if (auto list = value.if_array())
    return list->empty();
  return value.is_null() || (value.is_bool() && !value.get_bool());
}

/// Shows the values of a row to the renderer. The names in a compiled template are "v" (variable)
/// or "s" (section) and the number of the tag, so that no character of a column's name means
/// anything here; "l" and a number is a literal text.
class scope_context : public mustache::basic_context<std::string> {
public:
  scope_context(const row_scope& scope, const std::vector<template_tag>& tags,
                const std::vector<size_t>& sizes, const std::vector<std::string>& literals)
      : scope_{scope}, tags_{tags}, sizes_{sizes}, literals_{literals} {}

  // Lists inside of lists multiply: what goes into the text is counted before the renderer makes
  // it, because it hands out whole lines only.
  void push(const mustache::data* item) override {
    const auto found = values_.find(item);
    charge(found == values_.end() ? 0 : found->second.size);
    stack_.push_back(found == values_.end() ? nullptr : found->second.value);
  }
  void pop() override { stack_.pop_back(); }

  const mustache::data* get(const std::string& name) const override {
    const auto number = std::stoul(name.substr(1));
    if (name[0] == 'l') {
      charge(literals_[number].size());
      return &keep(mustache::data{literals_[number]});
    }
    const auto* value = find(tags_[number].name);
    if (name[0] == 'v') {
      if (!value)
        return nullptr;
      auto text = cell_text(*value);
      charge(text.size());
      return &keep(mustache::data{std::move(text)});
    }
    if (!value || is_nothing(*value))
      return nullptr;
    if (auto list = value->if_array())
      return entries(*list, sizes_[number]);
    auto& made = keep(mustache::data{true});
    values_[&made] = {value, sizes_[number]};
    return &made;
  }
  const mustache::data* get_partial(const std::string&) const override { return nullptr; }

private:
  const json::value* find(const std::string& name) const {
    if (name == ".")
      return stack_.empty() ? nullptr : stack_.back();
    for (auto at = stack_.rbegin(); at != stack_.rend(); ++at)
      if (*at && ((*at)->is_object() || (*at)->is_array()))
        if (auto value = value_at(**at, name))
          return value;
    return scope_.find(name);
  }
  mustache::data& keep(mustache::data made) const { return made_.emplace_back(std::move(made)); }

  void charge(size_t bytes) const {
    charged_ += bytes;
    if (charged_ > prompt_template::rendered_max)
      throw too_large{};
  }

  const mustache::data* entries(const json::array& list, size_t size) const {
    constexpr size_t entry_size = 64; // What the renderer keeps of each until the end.
    charge(list.size() * entry_size);
    auto& made = keep(mustache::data{mustache::data::type::list});
    for (size_t i = 0; i < list.size(); ++i)
      made.push_back(mustache::data{true});
    for (size_t i = 0; i < list.size(); ++i)
      values_[&made.list_value()[i]] = {&list[i], size};
    return &made;
  }

  /// What a section stands on, and how many bytes of template one pass over it takes.
  struct ground {
    const json::value* value = nullptr;
    size_t size = 0;
  };
  const row_scope& scope_;
  const std::vector<template_tag>& tags_;
  const std::vector<size_t>& sizes_;
  const std::vector<std::string>& literals_;
  std::vector<const json::value*> stack_;
  mutable std::deque<mustache::data> made_; // Keeps its addresses.
  mutable std::unordered_map<const mustache::data*, ground> values_;
  mutable size_t charged_ = 0;
};

/// Finds the tags of a template, and rewrites it for the renderer: names become numbers. Syntax
/// that the renderer would read differently (delimiters, partials, broken tags) is refused.
class scanner {
public:
  explicit scanner(const std::string& text) : text_{text} {}

  std::vector<template_tag> tags;
  std::vector<size_t> sizes;         // By tag: of a section, its bytes.
  std::vector<std::string> literals; // Texts with braces that are not tags.
  std::string rewritten;

  /// @returns the fault with its line; empty: none.
  std::string scan() {
    for (size_t at = 0;;) {
      const auto open = text_.find("{{", at);
      copy(at, open);
      if (open == std::string::npos)
        break;
      if (const auto end = literal(open); end != 0) {
        at = end;
        continue;
      }
      const bool triple = text_.compare(open, 3, "{{{") == 0;
      const std::string_view closing = triple ? "}}}" : "}}";
      const auto begin = open + closing.size();
      const auto close = text_.find(closing, begin);
      if (close == std::string::npos)
        return fault("a tag is not closed: \"" + clean_text(text_.substr(open, 40), 40) +
                     "\"; for braces in the text write {{'{{'}}");
      if (auto wrong = tag(text_.substr(begin, close - begin), triple); !wrong.empty())
        return wrong;
      at = close + closing.size();
      line_ +=
        static_cast<uint32_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(open),
                                         text_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    }
    if (!open_.empty()) {
      line_ = tags[open_.back()].line;
      return fault("the section {{#" + tags[open_.back()].name + "}} is not closed; {{/" +
                   tags[open_.back()].name + "}} is missing");
    }
    return {};
  }

private:
  void copy(size_t from, size_t to) {
    const auto piece = text_.substr(from, to == std::string::npos ? to : to - from);
    line_ += static_cast<uint32_t>(std::ranges::count(piece, '\n'));
    rewritten += piece;
  }

  /// Reads a tag such as {{'{{a}}'}} at `open`. @returns the place after it; 0: no such tag.
  size_t literal(size_t open) {
    const auto begin = text_.find_first_not_of(" \t", open + 2);
    if (begin == std::string_view::npos ||
        std::string_view{"\"'`"}.find(text_[begin]) == std::string_view::npos)
      return 0;
    for (auto end = text_.find(text_[begin], begin + 1); end != std::string_view::npos;
         end = text_.find(text_[begin], end + 1)) {
      const auto close = text_.find_first_not_of(" \t", end + 1);
      if (close == std::string_view::npos || text_.compare(close, 2, "}}") != 0)
        continue;
      const auto inside = text_.substr(begin + 1, end - begin - 1);
      // A name in quotes is a mistake; the check of names reports it.
      if (inside.find_first_of("{}") == std::string_view::npos ||
          inside.find('\n') != std::string_view::npos)
        return 0;
      rewritten += "{{&l" + std::to_string(literals.size()) + "}}";
      literals.emplace_back(inside);
      return close + 2;
    }
    return 0;
  }

  std::string fault(std::string what) const {
    return "line " + std::to_string(line_) + ": " + std::move(what);
  }

  std::string tag(std::string_view inside, bool triple) {
    inside = trim(inside);
    const char mark = inside.empty() ? '\0' : inside[0];
    if (mark == '!') {
      rewritten += "{{! }}";
      return {};
    }
    if (mark == '>')
      return fault("partials ({{>...}}) do not exist here; put the text in its place");
    if (mark == '=')
      return fault("delimiters cannot be changed ({{=...=}}); for braces in the text write "
                   "{{'{{'}}");
    const bool has_mark =
      !triple && mark != '\0' && std::string_view{"#^/&"}.find(mark) != std::string_view::npos;
    const auto name = has_mark ? trim(inside.substr(1)) : inside;
    if (name.empty())
      return fault("a tag names nothing: write {{column}}");
    if (name.find_first_of("{}\n") != std::string_view::npos)
      return fault("\"" + clean_text(name, 40) +
                   "\" is no name; for braces in the text write {{'{{'}}");
    if (has_mark && mark == '/')
      return close(name);
    if (open_.size() >= depth_max)
      return fault("sections are nested deeper than " + std::to_string(depth_max));
    add(name, !has_mark || mark == '&' ? template_tag::kind::variable
              : mark == '#'            ? template_tag::kind::section
                                       : template_tag::kind::inverted);
    return {};
  }

  void add(std::string_view name, template_tag::kind what) {
    const auto number = std::to_string(tags.size());
    if (what == template_tag::kind::variable) {
      rewritten += "{{&v" + number + "}}";
    } else {
      rewritten += (what == template_tag::kind::section ? "{{#s" : "{{^s") + number + "}}";
      open_.push_back(tags.size());
    }
    tags.push_back({what, std::string{name}, line_});
    sizes.push_back(rewritten.size());
  }

  std::string close(std::string_view name) {
    const auto shown = clean_text(name, 60);
    if (open_.empty())
      return fault("{{/" + shown + "}} closes a section that was not opened");
    if (tags[open_.back()].name != name)
      return fault("{{/" + shown + "}} does not close {{#" + tags[open_.back()].name +
                   "}} of line " + std::to_string(tags[open_.back()].line));
    rewritten += "{{/s" + std::to_string(open_.back()) + "}}";
    sizes[open_.back()] = rewritten.size() - sizes[open_.back()];
    open_.pop_back();
    tags.push_back({template_tag::kind::end, std::string{name}, line_});
    sizes.push_back(0);
    return {};
  }

  static constexpr size_t depth_max = 32; // The renderer is recursive.
  std::string_view text_;
  uint32_t line_ = 1;
  std::vector<size_t> open_; // Tags of the sections that are open.
};

} // namespace

struct prompt_template::compiled {
  std::string text, where;
  std::vector<template_tag> tags;
  std::vector<size_t> sizes;
  std::vector<std::string> literals;
  mustache::mustache renderer;
};

result<prompt_template> prompt_template::compile(std::string text, std::string where) {
  const auto refused = [&](const std::string& what) {
    return error{errc::invalid_config, (where.empty() ? "template" : where) + ": " + what};
  };
  if (!is_utf8(text) || text.find('\0') != std::string::npos)
    return refused("the template is not UTF-8 text");
  scanner scan{text};
  if (auto wrong = scan.scan(); !wrong.empty())
    return refused(wrong);
  mustache::mustache renderer{scan.rewritten};
  if (!renderer.is_valid())
    return refused(renderer.error_message());
  prompt_template made;
  made.compiled_ = std::make_shared<compiled>(
    compiled{std::move(text), std::move(where), std::move(scan.tags), std::move(scan.sizes),
             std::move(scan.literals), std::move(renderer)});
  return made;
}

result<std::string> prompt_template::render(const row_scope& scope) const {
  std::string out;
  if (!compiled_)
    return out;
  scope_context context{scope, compiled_->tags, compiled_->sizes, compiled_->literals};
  struct bounded {
    std::string& out;
    bounded& operator<<(const std::string& piece) {
      if (out.size() + piece.size() > rendered_max)
        throw too_large{};
      out += piece;
      return *this;
    }
  } stream{out};
  try {
    compiled_->renderer.render(context, stream);
  } catch (const too_large&) {
    return error{errc::invalid_input, compiled_->where + ": the text would grow beyond " +
                                        std::to_string(rendered_max >> 20) + " MiB"};
  }
  return out;
}

bool prompt_template::empty() const noexcept { return !compiled_ || compiled_->text.empty(); }

const std::string& prompt_template::text() const noexcept {
  static const std::string none;
  return compiled_ ? compiled_->text : none;
}

const std::string& prompt_template::where() const noexcept {
  static const std::string none;
  return compiled_ ? compiled_->where : none;
}

std::span<const template_tag> prompt_template::tags() const noexcept {
  return compiled_ ? std::span<const template_tag>{compiled_->tags}
                   : std::span<const template_tag>{};
}

} // namespace penstock::core
