#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::core {

/// `text` without ASCII white space at both ends.
std::string_view trim(std::string_view text) noexcept;

/// An ASCII letter in lower case; any other byte as it is.
constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// ASCII letters in lower case; all other bytes as they are.
std::string to_lower(std::string_view text);

/// Whether two texts are equal without regard to the case of ASCII letters.
bool equal_nocase(std::string_view a, std::string_view b) noexcept;

/// Finds `needle` (given in lower case) in `text` without regard to the case of ASCII letters.
/// @returns its position at or after `from`, or npos.
size_t find_nocase(std::string_view text, std::string_view needle, size_t from = 0) noexcept;

/// Length of the well-formed UTF-8 sequence at `pos` (1 to 4), or 0 if there is none.
/// @pre `pos < text.size()`.
size_t utf8_length(std::string_view text, size_t pos) noexcept;

/// A count for people, with commas: "1,234,567".
std::string count_text(uint64_t n);

/// Whether `text` is well-formed UTF-8 (no overlong forms, surrogates or code points past
/// U+10FFFF).
bool is_utf8(std::string_view text) noexcept;

/// `text` made safe for a log line, a terminal or an outcome: one line of well-formed UTF-8 of at
/// most `bytes_max` bytes. Runs of white space and control characters become one space. Broken
/// bytes become U+FFFD. A cut never splits a character and ends in "...".
std::string clean_text(std::string_view text, size_t bytes_max);

/// Whether an answer is a web page, judged by its content type or its first bytes. Proxies send
/// such pages.
bool is_html(std::string_view content_type, std::string_view body) noexcept;

/// Describes a web page in a few words: `HTML page (502): "502 Bad Gateway"`. Uses the title, or
/// else the visible text, of the first 64 KiB.
std::string describe_html(int status, std::string_view body);

/// `body` without a byte order mark, white space and comment lines (": keep-alive") at its start.
/// Providers under load send such lines to keep a connection open.
std::string_view skip_noise(std::string_view body) noexcept;

/// A JSON text on one line, for files with one record a line. Removes noise before it and white
/// space around it. Line breaks become spaces: inside valid JSON they are only white space.
/// @pre `body` is valid JSON after `skip_noise`.
std::string one_line_json(std::string body);

} // namespace penstock::core
