#include "core/io/document/docx_parts.hpp"
#include "core/io/document/document_words.hpp"
#include "core/base/text.hpp"

#include <algorithm>

namespace penstock::io {

namespace {

std::string folder_of(const std::string& part) {
  const auto slash = part.rfind('/');
  return slash == std::string::npos ? std::string{} : part.substr(0, slash + 1);
}

std::string rels_of(const std::string& part) {
  const auto folder = folder_of(part);
  return folder + "_rels/" + part.substr(folder.size()) + ".rels";
}

int hex_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/// The name of the part for a target, which starts at the root or at the folder of its source.
/// Resolves `.`, `..`, %20 and the like.
std::string part_name(const std::string& folder, std::string target) {
  std::ranges::replace(target, '\\', '/');
  std::string plain;
  for (size_t i = 0; i < target.size(); ++i) {
    const int high = target[i] == '%' && i + 2 < target.size() ? hex_digit(target[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(target[i + 2]) : -1;
    if (low >= 0) {
      plain += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      plain += target[i];
    }
  }
  plain = plain.starts_with('/') ? plain.substr(1) : folder + plain;
  std::vector<std::string> steps;
  for (size_t at = 0; at <= plain.size();) {
    const auto end = std::min(plain.find('/', at), plain.size());
    const auto step = plain.substr(at, end - at);
    if (step == ".." && !steps.empty())
      steps.pop_back();
    else if (!step.empty() && step != "." && step != "..")
      steps.push_back(step);
    at = end + 1;
  }
  std::string out;
  for (auto& step : steps)
    out += (out.empty() ? "" : "/") + step;
  return out;
}

/// The kind of an archive that is not a text document; empty if unknown.
std::string foreign_archive(zip_archive& archive) {
  if (archive.has("EncryptedPackage"))
    return "is encrypted; save it without a password";
  bool sheet = false, slides = false, pages = false, java = false;
  for (auto& name : archive.names()) {
    sheet |= name.starts_with("xl/");
    slides |= name.starts_with("ppt/");
    pages |= name.ends_with(".iwa") || name.starts_with("Index.zip") || name == "index.xml";
    java |= name == "META-INF/container.xml";
  }
  if (sheet)
    return "is an Excel workbook, no DOCX document; save it as PDF, or the sheet as CSV";
  if (slides)
    return "is a PowerPoint presentation, no DOCX document; export it as PDF";
  if (pages)
    return "is a document of Apple Pages, Numbers or Keynote; export it as DOCX or PDF";
  if (java)
    return "is an EPUB book; convert it to PDF, DOCX or text";
  return {};
}

} // namespace

result<docx_parts> docx_parts::open(const std::string& bytes, uint64_t unpacked_max) {
  auto archive = zip_archive::open(bytes, unpacked_max);
  if (!archive)
    return archive.error();
  docx_parts parts{std::move(*archive)};
  auto main = parts.find_main();
  if (!main)
    return main.error();
  parts.main_ = std::move(*main);
  return parts;
}

result<std::string> docx_parts::find_main() {
  auto top = relations_of("");
  if (!top)
    return top.error();
  for (auto& relation : *top)
    if (relation.type == "officeDocument" && archive_.has(relation.target)) {
      if (auto foreign = foreign_archive(archive_);
          !foreign.empty() && !relation.target.ends_with("document.xml") &&
          (relation.target.starts_with("xl/") || relation.target.starts_with("ppt/")))
        return unreadable(foreign);
      return relation.target;
    }
  if (archive_.has("word/document.xml"))
    return std::string{"word/document.xml"};
  const auto foreign = foreign_archive(archive_);
  return unreadable(foreign.empty() ? "is a zip archive but no DOCX document; unpack it, and give "
                                      "DOCX, ODT, PDF, text or an image"
                                    : foreign);
}

result<std::vector<docx_relation>> docx_parts::relations_of(const std::string& part) {
  std::vector<docx_relation> out;
  const auto name = rels_of(part);
  if (!archive_.has(name))
    return out;
  auto xml = tree(name);
  if (!xml)
    return xml.error();
  const auto folder = folder_of(part);
  for (auto node : child(**xml, "Relationships")) {
    if (local_name(node) != "Relationship" || attribute(node, "TargetMode") == "External")
      continue;
    const std::string type{attribute(node, "Type")};
    out.push_back({std::string{attribute(node, "Id")}, type.substr(type.rfind('/') + 1),
                   part_name(folder, std::string{attribute(node, "Target")})});
  }
  return out;
}

result<std::unique_ptr<pugi::xml_document>> docx_parts::tree(const std::string& part) {
  auto read = archive_.read(part);
  if (!read)
    return read.error();
  auto& kept = bytes_[part];
  kept = std::make_unique<std::string>(std::move(*read));
  auto xml = std::make_unique<pugi::xml_document>();
  if (auto parsed = parse_xml(*xml, *kept, "DOCX"); !parsed)
    return parsed.error();
  return xml;
}

// --- styles ---

docx_styles::docx_styles(const pugi::xml_node& root) {
  for (auto node : child(root, "styles")) {
    if (local_name(node) != "style")
      continue;
    docx_style s;
    s.based_on = attribute(child(node, "basedOn"), "val");
    if (auto vanish = child(child(node, "rPr"), "vanish"))
      s.hidden = is_on(vanish);
    const auto name = core::to_lower(attribute(child(node, "name"), "val"));
    if (name == "title")
      s.heading = 0;
    else if (name.size() == 9 && name.starts_with("heading ") && name[8] >= '1' && name[8] <= '9')
      s.heading = name[8] - '0';
    if (auto numbering = child(child(node, "pPr"), "numPr")) {
      s.number_id = attribute(child(numbering, "numId"), "val");
      if (auto level = child(numbering, "ilvl"))
        s.level = std::atoi(std::string{attribute(level, "val")}.c_str());
    }
    styles_.emplace(attribute(node, "styleId"), std::move(s));
  }
}

docx_style docx_styles::resolve(std::string_view id) const {
  docx_style out;
  if (id == "Title")
    out.heading = 0;
  else if (id.size() == 8 && id.starts_with("Heading") && id[7] >= '1' && id[7] <= '9')
    out.heading = id[7] - '0';
  std::string at{id};
  for (int steps = 0; steps < 20 && !at.empty(); ++steps) {
    const auto it = styles_.find(at);
    if (it == styles_.end())
      break;
    auto& s = it->second;
    if (out.hidden < 0)
      out.hidden = s.hidden;
    if (out.heading < 0)
      out.heading = s.heading;
    if (out.number_id.empty())
      out.number_id = s.number_id;
    if (out.level < 0)
      out.level = s.level;
    at = s.based_on;
  }
  return out;
}

// --- numbers of lists ---

namespace {

std::string roman(int64_t n) {
  constexpr std::pair<int, const char*> steps[]{
    {1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"}, {90, "xc"}, {50, "l"},
    {40, "xl"},  {10, "x"},   {9, "ix"},  {5, "v"},    {4, "iv"},  {1, "i"}};
  if (n < 1 || n > 3999)
    return std::to_string(n);
  std::string out;
  for (auto& [value, word] : steps)
    for (; n >= value; n -= value)
      out += word;
  return out;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return text;
}

std::string number_text(int64_t n, std::string_view format) {
  if (format.ends_with("Letter") && n >= 1 && n <= 26 * 100) {
    const std::string out(static_cast<size_t>((n - 1) / 26 + 1),
                          static_cast<char>('a' + (n - 1) % 26));
    return format == "upperLetter" ? upper(out) : out;
  }
  if (format == "lowerRoman")
    return roman(n);
  if (format == "upperRoman")
    return upper(roman(n));
  if (format == "decimalZero" && n >= 0 && n < 10)
    return "0" + std::to_string(n);
  return std::to_string(n);
}

} // namespace

docx_numbers::level_rule docx_numbers::read_level(const pugi::xml_node& node) {
  level_rule rule;
  rule.known = true;
  if (auto start = child(node, "start"))
    rule.start = std::atoll(std::string{attribute(start, "val")}.c_str());
  if (auto format = child(node, "numFmt"))
    rule.format = attribute(format, "val");
  rule.text = attribute(child(node, "lvlText"), "val");
  return rule;
}

docx_numbers::docx_numbers(const pugi::xml_node& root) {
  const auto level_of = [](const pugi::xml_node& node) {
    const int level = std::atoi(std::string{attribute(node, "ilvl")}.c_str());
    return level >= 0 && level < levels ? level : -1;
  };
  std::map<std::string, std::string> by_style, wants_style; // w:styleLink and w:numStyleLink.
  for (auto node : child(root, "numbering")) {
    if (local_name(node) == "abstractNum") {
      const std::string id{attribute(node, "abstractNumId")};
      auto& made = lists_[id];
      for (auto inner : node)
        if (local_name(inner) == "lvl" && level_of(inner) >= 0)
          made.rules[level_of(inner)] = read_level(inner);
      if (auto link = child(node, "styleLink"))
        by_style[std::string{attribute(link, "val")}] = id;
      if (auto link = child(node, "numStyleLink"))
        wants_style[id] = attribute(link, "val");
    } else if (local_name(node) == "num") {
      number made;
      made.list = attribute(child(node, "abstractNumId"), "val");
      for (auto inner : node) {
        if (local_name(inner) != "lvlOverride" || level_of(inner) < 0)
          continue;
        if (auto start = child(inner, "startOverride"))
          made.starts[level_of(inner)] = std::atoll(std::string{attribute(start, "val")}.c_str());
        if (auto level = child(inner, "lvl"))
          made.rules[level_of(inner)] = read_level(level);
      }
      numbers_[std::string{attribute(node, "numId")}] = std::move(made);
    }
  }
  for (auto& [id, style] : wants_style)
    if (by_style.contains(style))
      for (auto& [number_id, made] : numbers_)
        if (made.list == id)
          made.list = by_style[style];
}

std::string docx_numbers::next(const std::string& number_id, int level) {
  level = std::clamp(level, 0, levels - 1);
  const std::string indent(static_cast<size_t>(2 * level), ' ');
  const auto it = numbers_.find(number_id);
  const auto at = it == numbers_.end() ? lists_.end() : lists_.find(it->second.list);
  if (at == lists_.end())
    return indent + "- ";
  auto& [list_name, starts, rules] = it->second;
  auto& entry = at->second;
  const auto rule_of = [&](int l) -> const level_rule& {
    const auto own = rules.find(l);
    return own == rules.end() ? entry.rules[l] : own->second;
  };
  if (!rule_of(level).known)
    return indent + "- ";
  if (const auto start = starts.find(level); start != starts.end()) {
    entry.counts[level] = start->second;
    starts.erase(start);
  } else {
    entry.counts[level] = entry.begun[level] ? entry.counts[level] + 1 : rule_of(level).start;
  }
  entry.begun[level] = true;
  std::fill(entry.begun + level + 1, entry.begun + levels, false);
  const auto& rule = rule_of(level);
  if (rule.format == "bullet")
    return indent + "- ";
  if (rule.format == "none" && rule.text.find('%') != std::string::npos)
    return indent;
  std::string label;
  for (size_t i = 0; i < rule.text.size(); ++i) {
    const int l = rule.text[i] == '%' && i + 1 < rule.text.size() ? rule.text[i + 1] - '1' : -1;
    if (l < 0 || l >= levels) {
      label += rule.text[i];
      continue;
    }
    label += number_text(entry.begun[l] ? entry.counts[l] : rule_of(l).start, rule_of(l).format);
    ++i;
  }
  return indent + label + (label.empty() ? "" : " ");
}

} // namespace penstock::io
