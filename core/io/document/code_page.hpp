#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace penstock::io {

/// Turns bytes of old code pages into UTF-8.
class code_page_decoder {
public:
  code_page_decoder() = default;
  ~code_page_decoder();
  code_page_decoder(const code_page_decoder&) = delete;
  code_page_decoder& operator=(const code_page_decoder&) = delete;

  /// @param page 1252, 932, ...; 10000: of the old Macintosh. @returns U+FFFD for each byte that is
  /// no character there; `bad` counts these.
  std::string decode(std::string_view bytes, uint32_t page, uint64_t& bad);

private:
  std::map<uint32_t, void*> open_; ///< Converters by page; null if the system has none.
};

/// The code page of a charset of RTF fonts; 0: the one of the document.
uint32_t page_of_charset(int charset) noexcept;

} // namespace penstock::io
