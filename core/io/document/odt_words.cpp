#include "core/io/document/odt_words.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <cstdlib>

namespace penstock::io {

namespace {

using core::change_mode;

std::string label_number(int64_t n, std::string_view format) {
  if (format == "a" || format == "A")
    if (n >= 1 && n <= 2600)
      return std::string(static_cast<size_t>((n - 1) / 26 + 1),
                         static_cast<char>(format[0] + (n - 1) % 26));
  if ((format == "i" || format == "I") && n >= 1 && n <= 3999) {
    constexpr std::pair<int, const char*> steps[]{
      {1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"}, {90, "xc"}, {50, "l"},
      {40, "xl"},  {10, "x"},   {9, "ix"},  {5, "v"},    {4, "iv"},  {1, "i"}};
    std::string out;
    for (auto& [value, word] : steps)
      for (; n >= value; n -= value)
        out += word;
    if (format == "I")
      std::ranges::transform(out, out.begin(), [](char c) { return static_cast<char>(c - 32); });
    return out;
  }
  return std::to_string(n);
}

} // namespace

bool odt_without_words(std::string_view name) {
  return name == "tracked-changes" || name == "forms" || name == "sequence-decls" ||
         name == "variable-decls" || name == "user-field-decls" || name.ends_with("-source") ||
         name == "annotation-end" || name == "settings" || name == "table-columns" ||
         name == "table-column";
}

int64_t odt_number(const pugi::xml_node& node, std::string_view name, int64_t otherwise) {
  return has_attribute(node, name) ? std::atoll(std::string{attribute(node, name)}.c_str())
                                   : otherwise;
}

void odt_words::learn(const pugi::xml_node& root) {
  for (auto holder : root) {
    const auto where = local_name(holder);
    if (where != "automatic-styles" && where != "styles")
      continue;
    for (auto node : holder) {
      const std::string name{attribute(node, "name")};
      if (local_name(node) == "style") {
        auto& s = styles_[name];
        const auto text = child(node, "text-properties");
        s.parent = attribute(node, "parent-style-name");
        s.hidden = attribute(text, "display") == "none";
        const auto position = attribute(text, "text-position");
        s.script = position.starts_with("super") ? '^' : position.starts_with("sub") ? '_' : '\0';
      } else if (local_name(node) == "list-style") {
        for (auto level : node) {
          auto& l = lists_[name][static_cast<int>(odt_number(level, "level", 1))];
          l.bullet = local_name(level) != "list-level-style-number";
          l.format = attribute(level, "num-format");
          l.before = attribute(level, "num-prefix");
          l.after = attribute(level, "num-suffix");
          l.start = odt_number(level, "start-value", 1);
          l.shown = static_cast<int>(odt_number(level, "display-levels", 1));
        }
      }
    }
  }
  if (auto changes = find_inside(root, "tracked-changes"))
    for (auto region : changes) {
      const std::string id{attribute(region, "id")};
      if (auto deletion = child(region, "deletion"))
        deletions_[id] = deletion;
      else if (child(region, "insertion"))
        insertions_.insert(id);
    }
}

odt_words::style odt_words::resolve(std::string_view name) const {
  style out;
  std::string at{name};
  for (int steps = 0; steps < 20 && !at.empty(); ++steps) {
    const auto it = styles_.find(at);
    if (it == styles_.end())
      break;
    out.hidden |= it->second.hidden;
    if (out.script == '\0')
      out.script = it->second.script;
    at = it->second.parent;
  }
  return out;
}

// --- blocks ---

std::string odt_words::blocks(const pugi::xml_node& node) {
  std::string out;
  blocks_of(node, out);
  while (out.ends_with('\n'))
    out.pop_back();
  return out;
}

void odt_words::blocks_of(const pugi::xml_node& node, std::string& out) {
  for (auto inner : node)
    block(inner, out);
}

void odt_words::block(const pugi::xml_node& node, std::string& out) {
  if (out.size() > options_.text_max)
    too_long_ = true;
  const auto name = local_name(node);
  if (too_long_ || odt_without_words(name))
    return;
  if (name == "p" || name == "h")
    paragraph(node, out);
  else if (name == "list")
    list(node, out);
  else if (name == "table")
    table(node, out);
  else if (name == "section" && attribute(node, "display") == "none")
    hide(node);
  else if (name == "change" || name == "change-start" || name == "change-end")
    change_mark(node, name, out);
  else if (name == "frame" || name == "custom-shape" || name == "rect" || name == "text-box" ||
           name == "annotation") {
    std::string line;
    const auto outer = std::exchange(boxes_, {});
    words(node, line);
    out += line.empty() ? "" : line + "\n\n";
    const auto boxes = std::exchange(boxes_, outer);
    for (auto& box : boxes)
      blocks_of(box, out);
  } else
    blocks_of(node, out);
}

void odt_words::paragraph(const pugi::xml_node& node, std::string& out) {
  const auto outer = std::exchange(boxes_, {});
  const auto mark = std::exchange(label_, {});
  std::string line;
  if (resolve(attribute(node, "style-name")).hidden)
    hide(node);
  else
    words_of(node, line);
  if (const auto begin = line.find_first_not_of(" \t\n"); begin != std::string::npos) {
    if (local_name(node) == "h")
      out
        .append(
          static_cast<size_t>(std::clamp<int64_t>(odt_number(node, "outline-level", 1), 1, 6)), '#')
        .append(" ");
    out.append(mark).append(line, begin).append("\n\n");
  }
  const auto boxes = std::exchange(boxes_, outer);
  for (auto& box : boxes)
    blocks_of(box, out);
}

void odt_words::list(const pugi::xml_node& node, std::string& out) {
  const auto outer_name = list_name_;
  const auto outer_counts = counts_;
  if (has_attribute(node, "style-name"))
    list_name_ = attribute(node, "style-name");
  const auto level = static_cast<int>(counts_.size()) + 1;
  const auto rules = lists_.find(list_name_);
  const auto rule = rules == lists_.end() ? list_level{} : [&] {
    const auto it = rules->second.find(level);
    return it == rules->second.end() ? list_level{} : it->second;
  }();
  counts_.push_back(rule.start - 1);
  for (auto item : node) {
    const auto name = local_name(item);
    if (name != "list-item" && name != "list-header")
      continue;
    if (name == "list-item") {
      counts_.back() = odt_number(item, "start-value", counts_.back() + 1);
      label_ = label();
    }
    blocks_of(item, out);
    label_.clear();
  }
  list_name_ = outer_name;
  counts_ = outer_counts;
}

std::string odt_words::label() {
  const std::string indent(2 * (counts_.size() - 1), ' ');
  const auto rules = lists_.find(list_name_);
  const auto level = static_cast<int>(counts_.size());
  if (rules == lists_.end() || !rules->second.contains(level) || rules->second[level].bullet)
    return indent + "- ";
  const auto& rule = rules->second[level];
  if (rule.format.empty())
    return indent;
  std::string number;
  for (int l = std::max(level - rule.shown + 1, 1); l <= level; ++l)
    number += (number.empty() ? "" : ".") +
              label_number(counts_[static_cast<size_t>(l - 1)],
                           rules->second.contains(l) ? rules->second[l].format : "1");
  return indent + rule.before + number + rule.after + " ";
}

void odt_words::table(const pugi::xml_node& node, std::string& out) {
  rows(node, out);
  out += '\n';
}

void odt_words::rows(const pugi::xml_node& node, std::string& out) {
  for (auto row : node) {
    const auto name = local_name(row);
    if (name == "table-rows" || name == "table-header-rows" || name == "table-row-group")
      rows(row, out);
    if (name != "table-row" || too_long_)
      continue;
    std::string line;
    for (auto cell : row) {
      if (!local_name(cell).ends_with("table-cell"))
        continue;
      std::string inside;
      blocks_of(cell, inside);
      line += (line.empty() ? "| " : " | ") + on_one_line(inside);
    }
    if (!line.empty())
      out += line + " |\n";
  }
}

} // namespace penstock::io
