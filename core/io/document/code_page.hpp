#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace penstock::io {

/// Converts bytes of old code pages to UTF-8.
class code_page_decoder {
public:
  code_page_decoder() = default;
  ~code_page_decoder();
  code_page_decoder(const code_page_decoder&) = delete;
  code_page_decoder& operator=(const code_page_decoder&) = delete;

  /// @param page 1252, 932, ...; 10000: old Macintosh. A byte that is not a character becomes
  /// U+FFFD; `bad` counts such bytes.
  std::string decode(std::string_view bytes, uint32_t page, uint64_t& bad);

private:
  std::map<uint32_t, void*> open_; ///< Converters by page; null: the system has none.
};

/// The code page of a charset of RTF fonts; 0: the code page of the document.
uint32_t page_of_charset(int charset) noexcept;

} // namespace penstock::io
