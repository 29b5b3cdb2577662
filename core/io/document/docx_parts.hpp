#pragma once

#include "core/io/document/xml_tree.hpp"
#include "core/io/document/zip_archive.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace penstock::io {

/// One entry of a `.rels` part.
struct docx_relation {
  std::string id;     ///< "rId1"
  std::string type;   ///< The last word of its type: "footnotes", "header", "image".
  std::string target; ///< The name of the part inside the archive.
};

/// The parts of a DOCX file. They are found by their relations, because their names are not fixed.
class docx_parts {
public:
  /// Opens the archive and finds the main part.
  /// @param bytes Must outlive the parts.
  static result<docx_parts> open(const std::string& bytes, uint64_t unpacked_max);

  const std::string& main_name() const noexcept { return main_; }
  bool has(const std::string& part) const { return archive_.has(part); }
  /// The relations of a part; empty if it has none.
  result<std::vector<docx_relation>> relations_of(const std::string& part);
  /// A part as a tree. @returns an error if it is missing or damaged.
  result<std::unique_ptr<pugi::xml_document>> tree(const std::string& part);

private:
  explicit docx_parts(zip_archive archive) : archive_{std::move(archive)} {}
  result<std::string> find_main();

  zip_archive archive_;
  std::string main_;
  std::map<std::string, std::unique_ptr<std::string>> bytes_; ///< The trees point into them.
};

/// The properties of a paragraph or character style that matter for the text.
struct docx_style {
  std::string based_on;
  int hidden = -1;  ///< 1, 0, or -1: not set.
  int heading = -1; ///< 0: title, 1 to 9: heading, -1: neither.
  std::string number_id;
  int level = -1; ///< Level of the list.
};

/// The styles of a document by id.
class docx_styles {
public:
  docx_styles() = default;
  explicit docx_styles(const pugi::xml_node& root);

  /// A style with its inherited properties. Of an unknown id, only the properties that the id
  /// implies.
  docx_style resolve(std::string_view id) const;

private:
  std::map<std::string, docx_style, std::less<>> styles_;
};

/// The numbers of lists, counted paragraph by paragraph.
class docx_numbers {
public:
  docx_numbers() = default;
  explicit docx_numbers(const pugi::xml_node& root);

  /// The label of the next paragraph of a list: "- ", "3. ", "2.1 ", "b) ", after two blanks per
  /// level. An unknown list gives "- ".
  std::string next(const std::string& number_id, int level);

private:
  static constexpr int levels = 9;
  struct level_rule {
    int64_t start = 1;
    std::string format = "decimal", text;
    bool known = false;
  };
  struct list {
    level_rule rules[levels];
    int64_t counts[levels] = {};
    bool begun[levels] = {};
  };
  struct number {
    std::string list;
    std::map<int, int64_t> starts; ///< Overrides, used once.
    std::map<int, level_rule> rules;
  };
  static level_rule read_level(const pugi::xml_node& node);

  std::map<std::string, list> lists_;
  std::map<std::string, number> numbers_;
};

} // namespace penstock::io
