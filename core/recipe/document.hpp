#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// How a document goes into a request.
enum class document_kind : uint8_t {
  text,  ///< Its words, as a text part.
  file,  ///< Its bytes, as a file part (PDF, where the provider takes it).
  image, ///< Its bytes, as an image part.
};

/// What becomes of comments in the margin of a document.
enum class comment_mode : uint8_t {
  omit, ///< Left out and counted in the notes.
  show, ///< In brackets at their place.
};

/// What becomes of tracked changes.
enum class change_mode : uint8_t {
  accept, ///< The text with all changes; deletions are left out and counted.
  reject, ///< The text before the changes; insertions are left out and counted.
  show,   ///< Both, in brackets.
};

/// What becomes of a PDF that has pages without words.
enum class scanned_mode : uint8_t {
  fail, ///< The row fails and names the pages.
  send, ///< The PDF goes along as it is.
};

std::string_view to_string(comment_mode m) noexcept;
std::string_view to_string(change_mode m) noexcept;
std::string_view to_string(scanned_mode m) noexcept;
/// Reads what `to_string` wrote.
std::optional<comment_mode> comment_mode_from(std::string_view text) noexcept;
std::optional<change_mode> change_mode_from(std::string_view text) noexcept;
std::optional<scanned_mode> scanned_mode_from(std::string_view text) noexcept;

/// How the words are taken out of a document.
struct document_rules {
  comment_mode comments = comment_mode::omit;
  change_mode changes = change_mode::accept;
  scanned_mode scanned = scanned_mode::fail;
};

/// A document that was read, ready for a request.
struct document {
  std::string name; ///< Its file name without folders, as the model sees it.
  document_kind kind = document_kind::text;
  std::string media_type;              ///< "text/plain", "application/pdf", "image/png", ...
  std::string data;                    ///< UTF-8 words, or bytes.
  std::vector<std::string> notes = {}; ///< What was left out of it, for people; one sentence each.
};

} // namespace penstock::core
