#include "core/io/file/request_reader.hpp"

namespace penstock::io {

request_reader::request_reader(std::string path, input_file file, reader_options options)
    : path_{std::move(path)}, file_{std::move(file)}, options_{std::move(options)} {
  options_.marks |= !file_.is_regular() || options_.expected_start.requests > 0;
}

result<request_reader> request_reader::open(const std::string& path, reader_options options) {
  auto file = input_file::open(path, options.line_max);
  if (!file)
    return file.error();
  return request_reader{path == "-" ? "standard input" : path, std::move(*file),
                        std::move(options)};
}

error request_reader::changed(std::string_view what) const {
  return {
    errc::input_changed,
    path_ + ": " + std::string{what} +
      "; give the same input again; --restart begins anew and throws away what the output holds"};
}

// Reads the next request from `first_index` on.
result<std::optional<core::request>> request_reader::read_one() {
  const auto& mark = options_.expected_start;
  for (input_line line;;) {
    auto more = file_.next(line);
    if (!more)
      return more.error();
    if (!*more) {
      if (!options_.expected_hash.empty() && file_.hash() != options_.expected_hash)
        return changed("the input changed while it was read");
      return std::optional<core::request>{};
    }
    if (!line.too_long && core::is_blank(line.text))
      continue;
    const auto index = index_++;
    if (options_.marks) {
      sum_.update(line.text);
      sum_.update("\n");
    }
    if (index < options_.first_index) {
      // The mark may be among the requests before `first_index`.
      if (index_ == mark.requests)
        return std::optional<core::request>{};
      continue;
    }
    const auto* kept = options_.passed_over.get();
    if (kept && kept->contains(index))
      continue;
    auto r =
      line.too_long
        ? core::rejected_request(line.text, index, line.number,
                                 "longer than " + std::to_string(options_.line_max) + " bytes")
        : core::parse_request_line(line.text, index, line.number, options_.lines);
    if (kept)
      r.index = kept->sent_below(index);
    return r;
  }
}

result<void> request_reader::read_expected_start() {
  const auto mark = options_.expected_start;
  while (index_ < mark.requests) {
    auto r = read_one();
    if (!r)
      return r.error();
    if (*r)
      ready_.push_back(std::move(**r));
    else if (index_ < mark.requests)
      return changed("the input is shorter than the one this output was begun with");
  }
  if (this->mark() != mark)
    return changed("the input is not the one this output was begun with");
  options_.expected_start = {};
  return {};
}

result<std::optional<core::request>> request_reader::next() {
  if (options_.expected_start.requests > 0)
    if (auto checked = read_expected_start(); !checked)
      return checked.error();
  if (ready_.empty())
    return read_one();
  std::optional<core::request> r{std::move(ready_.front())};
  ready_.pop_front();
  return r;
}

} // namespace penstock::io
