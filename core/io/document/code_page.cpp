#include "core/io/document/code_page.hpp"

#include <iconv.h>

#include <utility>

namespace penstock::io {

code_page_decoder::~code_page_decoder() {
  for (auto& [page, converter] : open_)
    if (converter)
      iconv_close(static_cast<iconv_t>(converter));
}

std::string code_page_decoder::decode(std::string_view bytes, uint32_t page, uint64_t& bad) {
  auto [it, fresh] = open_.try_emplace(page, nullptr);
  if (fresh) {
    const auto name = page == 10000 ? std::string{"MACINTOSH"} : "CP" + std::to_string(page);
    auto made = iconv_open("UTF-8", name.c_str());
    it->second = made == reinterpret_cast<iconv_t>(-1) ? nullptr : static_cast<void*>(made);
  }
  std::string out;
  const std::string copy{bytes};
  auto* from = const_cast<char*>(copy.data());
  size_t left = copy.size();
  while (left > 0) {
    char block[256];
    char* to = block;
    size_t room = sizeof block;
    const auto before = left;
    if (it->second)
      iconv(static_cast<iconv_t>(it->second), &from, &left, &to, &room);
    out.append(block, sizeof block - room);
    if (left == before) { // The next byte is not a character.
      const bool ascii = static_cast<unsigned char>(*from) < 0x80;
      out += ascii ? std::string(1, *from) : "\xef\xbf\xbd";
      bad += !ascii;
      ++from;
      --left;
    }
  }
  return out;
}

uint32_t page_of_charset(int charset) noexcept {
  constexpr std::pair<int, uint32_t> pages[]{
    {77, 10000}, {128, 932},  {129, 949},  {134, 936},  {136, 950},  {161, 1253}, {162, 1254},
    {163, 1258}, {177, 1255}, {178, 1256}, {186, 1257}, {204, 1251}, {222, 874},  {238, 1250}};
  for (auto& [known, page] : pages)
    if (known == charset)
      return page;
  return 0;
}

} // namespace penstock::io
