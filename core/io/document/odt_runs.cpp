#include "core/io/document/odt_words.hpp"
#include "core/base/text.hpp"
#include <algorithm>
#include <cstdlib>

namespace penstock::io {

using core::change_mode;

// --- words inside of a paragraph ---

void odt_words::say(std::string_view text, std::string& out) {
  if (dropped_ == 0)
    out += text;
}

/// Counts a part that a reader does not see.
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
  if (too_long_ || odt_without_words(name))
    return;
  if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) {
    // Line breaks and several blanks in the file mean one blank.
    std::string text;
    for (const char* c = node.value(); *c; ++c)
      if (*c != '\n' && *c != '\r' && *c != '\t' && *c != ' ')
        text += *c;
      else if (text.empty() || text.back() != ' ')
        text += ' ';
    say(text, out);
  } else if (name == "s") {
    say(
      std::string(static_cast<size_t>(std::clamp<int64_t>(odt_number(node, "c", 1), 1, 1000)), ' '),
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
    say(on_one_line(inside) + ' ', out);
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
        on_one_line(text) + "]",
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
    say(mode == change_mode::show ? "[deleted: " + on_one_line(gone) + "]" : on_one_line(gone),
        out);
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
