#include "core/io/document/docx_text.hpp"
#include "core/io/document/docx_words.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace penstock::io {

namespace {

using tree_ptr = std::unique_ptr<pugi::xml_document>;

/// Reads the parts of one document in order.
class docx_reader {
public:
  docx_reader(docx_parts parts, const word_options& options)
      : parts_{std::move(parts)}, options_{options} {}

  result<document_words> read() {
    auto main = parts_.tree(parts_.main_name());
    if (!main)
      return main.error();
    const auto root = local_name((*main)->document_element());
    if (root == "workbook" || root == "presentation")
      return unreadable("is an Excel or PowerPoint file; save it as PDF");
    if (root != "document")
      return unreadable("is no DOCX document: its main part is <" + core::clean_text(root, 40) +
                        ">; open it in a word processor and save it anew");
    auto relations = parts_.relations_of(parts_.main_name());
    if (!relations)
      return relations.error();
    relations_ = std::move(*relations);
    auto context = read_context();
    if (!context)
      return context.error();
    docx_words writer{std::move(*context), options_, notes_};
    auto body = writer.blocks((*main)->document_element());
    auto top = margins(writer, writer.headers, "header");
    auto end = top ? notes(writer) : top.error();
    auto bottom = end ? margins(writer, writer.footers, "footer") : end.error();
    if (!bottom)
      return bottom.error();
    document_words out;
    for (auto& piece : {*top, body, *end, *bottom})
      if (!piece.empty())
        out.text += (out.text.empty() ? "" : "\n\n") + piece;
    if (writer.is_too_long() || out.text.size() > options_.text_max)
      return too_many_words(options_.text_max);
    out.notes = notes_.sentences();
    return out;
  }

private:
  const docx_relation* first_of(std::string_view type) const {
    const auto it = std::ranges::find(relations_, type, &docx_relation::type);
    return it == relations_.end() ? nullptr : &*it;
  }

  /// The name of the part of this kind; empty if the document has none.
  result<tree_ptr> part_of(std::string_view type) {
    const auto* relation = first_of(type);
    return relation && parts_.has(relation->target) ? parts_.tree(relation->target) : tree_ptr{};
  }

  result<docx_words::context> read_context() {
    docx_words::context out;
    auto styles = part_of("styles");
    if (!styles)
      return styles.error();
    if (*styles)
      out.styles = docx_styles{**styles};
    auto numbers = part_of("numbering");
    if (!numbers)
      return numbers.error();
    if (*numbers)
      out.numbers = docx_numbers{**numbers};
    if (options_.rules.comments == core::comment_mode::omit)
      return out;
    auto comments = part_of("comments");
    if (!comments)
      return comments.error();
    if (*comments) {
      docx_words writer{{out.styles, {}, {}}, options_, notes_};
      for (auto node : child(**comments, "comments"))
        if (local_name(node) == "comment") {
          auto said = writer.blocks(node);
          std::ranges::replace(said, '\n', ' ');
          out.comments.emplace(attribute(node, "id"),
                               core::clean_text(attribute(node, "author"), 100) + ": " + said);
        }
    }
    return out;
  }

  /// Writes headers or footers; equal ones only once.
  result<std::string> margins(docx_words& writer, const std::vector<std::string>& ids,
                              const std::string& word) {
    std::string out;
    std::set<std::string> seen;
    const auto wanted = ids; // A copy, because reading a part may add ids.
    for (auto& id : wanted) {
      const auto it = std::ranges::find(relations_, id, &docx_relation::id);
      if (it == relations_.end() || !parts_.has(it->target)) {
        notes_.add("header or footer is missing in the file",
                   "headers or footers are missing in the file");
        continue;
      }
      auto part = parts_.tree(it->target);
      if (!part)
        return part.error();
      const auto text = writer.blocks((*part)->document_element());
      if (!text.empty() && seen.insert(text).second)
        out += (out.empty() ? "[" : "\n\n[") + word + "] " + text;
    }
    return out;
  }

  /// Writes the footnotes and endnotes that have a reference, in the order of their numbers.
  result<std::string> notes(docx_words& writer) {
    std::string out;
    const std::vector<std::string>* lists[]{&writer.footnotes, &writer.endnotes};
    constexpr std::string_view types[]{"footnotes", "endnotes"}, marks[]{"", "e"};
    for (size_t kind = 0; kind < 2; ++kind) {
      if (lists[kind]->empty())
        continue;
      auto part = part_of(types[kind]);
      if (!part)
        return part.error();
      std::map<std::string, pugi::xml_node> known;
      if (*part)
        for (auto node : (*part)->document_element())
          known.emplace(attribute(node, "id"), node);
      for (size_t i = 0; i < lists[kind]->size(); ++i) { // Notes may refer to more notes.
        const auto it = known.find((*lists[kind])[i]);
        if (it == known.end()) {
          notes_.add("footnote is missing in the file", "footnotes are missing in the file");
          continue;
        }
        const auto text = writer.blocks(it->second);
        out += (out.empty() ? "[^" : "\n[^") + std::string{marks[kind]} + std::to_string(i + 1) +
               "]: " + text;
      }
    }
    return out;
  }

  docx_parts parts_;
  const word_options& options_;
  document_notes notes_;
  std::vector<docx_relation> relations_;
};

} // namespace

result<document_words> docx_text(const std::string& bytes, const word_options& options) {
  constexpr uint64_t markup = 8; // Bytes of XML per byte of text.
  auto parts = docx_parts::open(bytes, markup * options.text_max);
  if (!parts)
    return parts.error();
  return docx_reader{std::move(*parts), options}.read();
}

} // namespace penstock::io
