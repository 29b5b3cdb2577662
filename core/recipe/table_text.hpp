#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Properties of tables that people save: separators, names, encodings and line ends.
namespace penstock::core {

/// The separator of a table: the candidate that cuts the header into two cells or more and every
/// other row of `start` into as many. A comma if none does and the rows have one cell; else the
/// candidate that the header holds most often.
/// @param start The first rows, whole lines. @param candidates The first one wins a tie.
char find_separator(std::string_view start, std::string_view candidates = ",;\t|");

/// The separator that a first line "sep=;" names (Excel writes and reads it), or zero.
char separator_line(std::string_view line);

/// The name of a column as a recipe writes it: without blanks, zero-width characters and byte order
/// marks at both ends; runs of line breaks and blanks around them become one space.
std::string column_name(std::string_view cell);

/// Whether a cell has no visible character.
bool is_blank_cell(std::string_view cell);

/// The encoding of a file.
enum class text_encoding : uint8_t { utf8, utf16le, utf16be, windows_1252 };
/// "UTF-8", "UTF-16", "Windows-1252".
std::string_view to_string(text_encoding e) noexcept;

/// Converts bytes to UTF-8, piece by piece. Broken characters become U+FFFD.
class text_decoder {
public:
  explicit text_decoder(text_encoding from) : from_{from} {}
  void decode(std::string_view bytes, std::string& out);
  /// Converts the rest at the end of the file.
  void finish(std::string& out);

private:
  void unit(uint32_t u, std::string& out);
  text_encoding from_;
  int first_ = -1;       ///< First byte of an incomplete UTF-16 unit.
  uint32_t high_ = 0;    ///< First half of a surrogate pair.
  bool started_ = false; ///< The byte order mark was read.
};

/// The encoding, from the first bytes of a file: UTF-16 by its mark or its zero bytes; else UTF-8.
text_encoding encoding_of_start(std::string_view start);

/// Checks the whole text of a table, piece by piece.
class text_look {
public:
  /// @param quotes Whether line breaks inside double quotes belong to a cell (CSV, TSV).
  explicit text_look(bool quotes) : quotes_{quotes} {}
  /// @param bytes As in the file; UTF-16 must be decoded before.
  void add(std::string_view bytes);

  /// Whether the lines end in a carriage return alone.
  bool has_old_line_ends() const noexcept { return returns_ > 0 && feeds_ == 0; }
  /// Whether the whole file is Windows-1252: its first line or several lines have bytes that are
  /// not UTF-8, and no line has UTF-8 beyond ASCII. A single bad line is only a bad line.
  bool is_windows_1252() const;

private:
  void look(char c);
  bool quotes_;
  bool quoted_ = false;
  bool return_ = false; ///< The last character was a carriage return outside of quotes.
  uint64_t feeds_ = 0, returns_ = 0;
  uint32_t tail_ = 0;         ///< Missing bytes of a UTF-8 character.
  uint64_t line_ = 0;         ///< Number of the line, from 0.
  uint64_t wide_ = 0;         ///< UTF-8 characters beyond ASCII.
  uint64_t bad_lines_ = 0;    ///< Lines with bytes that are not UTF-8.
  uint64_t bad_line_ = ~0ull; ///< The last of them.
  bool bad_start_ = false;    ///< The first line is one of them.
  bool other_ = false;        ///< Has bytes that are not in Windows-1252, or zeros.
};

/// Replaces carriage returns at the end of lines by line feeds, but not inside quotes.
class line_end_mender {
public:
  explicit line_end_mender(bool quotes) : quotes_{quotes} {}
  void mend(std::string& piece);

private:
  bool quotes_;
  bool quoted_ = false;
};

} // namespace penstock::core
