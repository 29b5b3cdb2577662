#include "apps/mock/mock_text.hpp"
#include "core/base/duration_text.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace penstock::mock {

void append_json(std::string& out, std::string_view text) {
  out += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\')
      continue;
    out.append(text.substr(plain, i - plain));
    plain = i + 1;
    switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default: {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", c);
      out += code;
    }
    }
  }
  out.append(text.substr(plain));
  out += '"';
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

void append_number(std::string& out, double n) {
  char text[400];
  const auto end = std::to_chars(text, text + sizeof text, n, std::chars_format::fixed).ptr;
  out.append(text, end);
}

void append_number(std::string& out, uint64_t n) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, n).ptr);
}

std::string hex(uint64_t n) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out(16, '0');
  for (size_t i = 16; i-- > 0; n >>= 4)
    out[i] = digits[n & 15];
  return out;
}

std::string_view first_codepoints(std::string_view text, size_t count) {
  size_t i = 0;
  for (; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80 && count-- == 0)
      break;
  return text.substr(0, i);
}

std::string go_duration(double seconds) {
  if (!(seconds > 0))
    return "0s";
  const auto ms = static_cast<uint64_t>(std::ceil(seconds * 1000 - 1e-6));
  std::string out;
  if (ms < 1000) {
    append_number(out, ms);
    return out + "ms";
  }
  const uint64_t h = ms / 3'600'000, m = ms / 60'000 % 60, s = ms / 1000 % 60, rest = ms % 1000;
  if (h > 0) {
    append_number(out, h);
    out += 'h';
  }
  if (h > 0 || m > 0) {
    append_number(out, m);
    out += 'm';
  }
  append_number(out, static_cast<double>(s) + static_cast<double>(rest) / 1000);
  return out + 's';
}

namespace {

std::string format_utc(std::chrono::system_clock::time_point t, const char* format) {
  const auto seconds = std::chrono::system_clock::to_time_t(t);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &utc)};
}

} // namespace

std::string rfc3339(std::chrono::system_clock::time_point t) {
  return format_utc(t, "%Y-%m-%dT%H:%M:%SZ");
}
std::string http_date(std::chrono::system_clock::time_point t) {
  return format_utc(t, "%a, %d %b %Y %H:%M:%S GMT");
}

result<double> parse_number(std::string_view text) {
  double n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc{} || end != text.data() + text.size() || !std::isfinite(n))
    return error{errc::invalid_config, "not a number: '" + std::string{text} + "'"};
  return n;
}

result<duration> parse_span(std::string_view text) {
  if (const auto span = core::parse_strict_duration(text))
    return *span;
  return error{errc::invalid_config,
               "not a time span such as 350ms, 2s or 1.5: '" + std::string{text} + "'"};
}

double number_or(std::string_view text, double fallback) {
  const auto n = parse_number(text);
  return n ? *n : fallback;
}

duration span_or(std::string_view text, duration fallback) {
  const auto d = parse_span(text);
  return d ? *d : fallback;
}

std::string_view query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return {};
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const auto code = text.substr(i + 1, text[i] == '%' ? 2 : 0);
    const auto end = std::from_chars(code.data(), code.data() + code.size(), byte, 16).ptr;
    if (code.size() == 2 && end == code.data() + 2) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::pair<std::string_view, std::string_view>> split_spec(std::string_view spec) {
  std::vector<std::pair<std::string_view, std::string_view>> parts;
  const char* separators = ":,"; // The first colon ends the name; later ones belong to values.
  while (!spec.empty()) {
    const size_t end = std::min(spec.find_first_of(separators), spec.size());
    const std::string_view part = spec.substr(0, end);
    spec.remove_prefix(std::min(end + 1, spec.size()));
    separators = ",";
    const size_t eq = part.find('=');
    if (!part.empty())
      parts.emplace_back(part.substr(0, eq),
                         eq == part.npos ? std::string_view{} : part.substr(eq + 1));
  }
  return parts;
}

} // namespace penstock::mock
