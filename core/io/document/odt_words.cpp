#include "core/io/document/odt_words.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <cstdlib>

namespace penstock::io {

namespace {

using core::change_mode;

bool is_without_words(std::string_view name) {
  return name == "tracked-changes" || name == "forms" || name == "sequence-decls" ||
         name == "variable-decls" || name == "user-field-decls" || name.ends_with("-source") ||
         name == "annotation-end" || name == "settings" || name == "table-columns" ||
         name == "table-column";
}

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

std::string flat(std::string_view text) {
  std::string out;
  for (char c : text)
    if (c != '\n' && c != '\t' && c != ' ')
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  while (out.ends_with(' '))
    out.pop_back();
  return out;
}

int64_t number_of(const pugi::xml_node& node, std::string_view name, int64_t otherwise) {
  return has_attribute(node, name) ? std::atoll(std::string{attribute(node, name)}.c_str())
                                   : otherwise;
}

} // namespace

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
          auto& l = lists_[name][static_cast<int>(number_of(level, "level", 1))];
          l.bullet = local_name(level) != "list-level-style-number";
          l.format = attribute(level, "num-format");
          l.before = attribute(level, "num-prefix");
          l.after = attribute(level, "num-suffix");
          l.start = number_of(level, "start-value", 1);
          l.shown = static_cast<int>(number_of(level, "display-levels", 1));
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
  if (too_long_ || is_without_words(name))
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
        .append(static_cast<size_t>(std::clamp<int64_t>(number_of(node, "outline-level", 1), 1, 6)),
                '#')
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
      counts_.back() = number_of(item, "start-value", counts_.back() + 1);
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
      line += (line.empty() ? "| " : " | ") + flat(inside);
    }
    if (!line.empty())
      out += line + " |\n";
  }
}

// --- words inside of a paragraph ---

void odt_words::say(std::string_view text, std::string& out) {
  if (dropped_ == 0)
    out += text;
}

/// Counts the words of something that a reader does not see.
void odt_words::hide(const pugi::xml_node& node) {
  std::string hidden;
  const auto outer = std::exchange(boxes_, {});
  if (local_name(node) == "section")
    blocks_of(node, hidden);
  else
    words_of(node, hidden);
  boxes_ = outer;
  notes_.add("character of hidden text was left out", "characters of hidden text were left out",
             visible_characters(hidden));
}

void odt_words::words_of(const pugi::xml_node& node, std::string& out) {
  for (auto inner : node)
    words(inner, out);
}

void odt_words::words(const pugi::xml_node& node, std::string& out) {
  if (out.size() > options_.text_max)
    too_long_ = true;
  const auto name = local_name(node);
  if (too_long_ || is_without_words(name))
    return;
  if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) {
    // Line breaks and runs of blanks in the file mean one blank.
    std::string text;
    for (const char* c = node.value(); *c; ++c)
      if (*c != '\n' && *c != '\r' && *c != '\t' && *c != ' ')
        text += *c;
      else if (text.empty() || text.back() != ' ')
        text += ' ';
    say(text, out);
  } else if (name == "s") {
    say(
      std::string(static_cast<size_t>(std::clamp<int64_t>(number_of(node, "c", 1), 1, 1000)), ' '),
      out);
  } else if (name == "tab") {
    say("\t", out);
  } else if (name == "line-break") {
    say("\n", out);
  } else if (name == "span") {
    const auto about = resolve(attribute(node, "style-name"));
    if (about.hidden)
      return hide(node);
    std::string inside;
    words_of(node, inside);
    if (about.script != '\0' && !core::trim(inside).empty() && inside[0] != '[')
      out += about.script;
    out += inside;
  } else if (name == "hidden-text" || name == "hidden-paragraph") {
    hide(node);
  } else if (name == "note") {
    note(node, out);
  } else if (name == "annotation") {
    comment(node, out);
  } else if (name == "frame") {
    frame(node, out);
  } else if (name == "custom-shape" || name == "rect" || name == "ellipse") {
    boxes_.push_back(node);
  } else if (name == "control") {
    notes_.add("form control was left out", "form controls were left out");
  } else if (name == "change" || name == "change-start" || name == "change-end") {
    change_mark(node, name, out);
  } else if (name == "ruby-text") {
    std::string reading;
    words_of(node, reading);
    say("(" + reading + ")", out);
  } else if (name == "p" || name == "h" || name == "list" || name == "table") {
    std::string inside;
    block(node, inside);
    say(flat(inside) + ' ', out);
  } else {
    words_of(node, out);
  }
}

void odt_words::note(const pugi::xml_node& node, std::string& out) {
  if (dropped_ > 0)
    return;
  const bool end = attribute(node, "note-class") == "endnote";
  auto& list = end ? endnotes : footnotes;
  const auto place = list.size();
  list.emplace_back();
  out += (end ? "[^e" : "[^") + std::to_string(place + 1) + "]";
  const auto outer = std::exchange(boxes_, {});
  auto text = blocks(child(node, "note-body"));
  boxes_ = outer;
  (end ? endnotes : footnotes)[place] = std::move(text);
}

void odt_words::comment(const pugi::xml_node& node, std::string& out) {
  if (options_.rules.comments == core::comment_mode::omit) {
    notes_.add("comment was left out", "comments were left out");
    return;
  }
  std::string text;
  for (auto inner : node)
    if (local_name(inner) == "p" || local_name(inner) == "list")
      block(inner, text);
  say("[comment by " + core::clean_text(child(node, "creator").text().get(), 100) + ": " +
        flat(text) + "]",
      out);
}

void odt_words::frame(const pugi::xml_node& node, std::string& out) {
  if (auto box = child(node, "text-box")) {
    boxes_.push_back(box);
  } else if (auto object = child(node, "object")) {
    const auto text = formula_(std::string{attribute(object, "href")});
    say(text, out);
    if (text.empty())
      notes_.add("embedded object was left out", "embedded objects were left out");
  } else if (child(node, "object-ole")) {
    notes_.add("embedded object was left out", "embedded objects were left out");
  } else if (child(node, "image")) {
    notes_.add("picture was left out", "pictures were left out");
  } else {
    words_of(node, out);
  }
}

void odt_words::change_mark(const pugi::xml_node& node, std::string_view name, std::string& out) {
  const auto mode = options_.rules.changes;
  const std::string id{attribute(node, "change-id")};
  if (name == "change") {
    const auto it = deletions_.find(id);
    if (it == deletions_.end())
      return;
    if (mode == change_mode::accept) {
      notes_.add("tracked change was left out", "tracked changes were left out");
      return;
    }
    std::string gone;
    for (auto inner : it->second)
      if (local_name(inner) != "change-info")
        block(inner, gone);
    say(mode == change_mode::show ? "[deleted: " + flat(gone) + "]" : flat(gone), out);
    return;
  }
  if (!insertions_.contains(id) || mode == change_mode::accept)
    return;
  const bool start = name == "change-start";
  if (mode == change_mode::show) {
    say(start ? "[inserted: " : "]", out);
  } else {
    dropped_ = std::max(dropped_ + (start ? 1 : -1), 0);
    if (start)
      notes_.add("tracked change was left out", "tracked changes were left out");
  }
}

} // namespace penstock::io
