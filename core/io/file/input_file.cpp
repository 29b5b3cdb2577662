#include "core/io/file/input_file.hpp"

#include <algorithm>
#include <cstring>

namespace penstock::io {

namespace {

constexpr size_t block = 1u << 20; // Size of one read, and the usual size of the buffer.
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

} // namespace

input_file::input_file(std::unique_ptr<byte_source> source, uint64_t line_max)
    : source_{std::move(source)}, line_max_{std::max<uint64_t>(line_max, 1)}, buffer_(block) {}

result<input_file> input_file::open(const std::string& path, uint64_t line_max) {
  auto source = open_byte_source(path);
  if (!source)
    return source.error();
  return input_file{std::move(*source), line_max};
}

// Hash large pieces, not lines: a call costs as much as 100 bytes.
void input_file::flush_hash() {
  hash_.update({buffer_.data() + hashed_, at_ - hashed_});
  hashed_ = at_;
}

bool input_file::has_line() const noexcept {
  return end_ > at_ && std::memchr(buffer_.data() + at_, '\n', end_ - at_) != nullptr;
}

std::string input_file::hash() {
  flush_hash();
  return hash_.hex();
}

void input_file::take(size_t size) {
  at_ += size;
  bytes_ += size;
}

// Makes room in the buffer and reads once. @returns false at the end of the input.
result<bool> input_file::fill() {
  if (ended_)
    return false;
  flush_hash();
  const size_t kept = end_ - at_;
  if (buffer_.size() > 4 * block && kept < block)
    // Free the memory of a huge line before the rest of the run.
    std::vector<char>{buffer_.begin() + static_cast<std::ptrdiff_t>(at_),
                      buffer_.begin() + static_cast<std::ptrdiff_t>(end_)}
      .swap(buffer_);
  else
    std::memmove(buffer_.data(), buffer_.data() + at_, kept);
  at_ = hashed_ = 0;
  end_ = kept;
  const auto wanted = std::max<uint64_t>(block, std::min<uint64_t>(2 * kept, line_max_ + block));
  if (buffer_.size() < wanted)
    buffer_.resize(wanted);
  auto n = source_->read(buffer_.data() + end_, buffer_.size() - end_);
  if (!n)
    return n.error();
  end_ += *n;
  ended_ = *n == 0;
  return !ended_;
}

// The line at `at_` is too long: keep its start, and go on after its end.
result<bool> input_file::skip_line(input_line& line) {
  start_.assign(buffer_.data() + at_, std::min<size_t>(end_ - at_, start_kept));
  line.too_long = true;
  line.size = 0;
  for (;;) {
    auto* stop = static_cast<const char*>(std::memchr(buffer_.data() + at_, '\n', end_ - at_));
    const size_t piece = stop ? static_cast<size_t>(stop - buffer_.data()) - at_ : end_ - at_;
    line.size += piece;
    take(piece + (stop ? 1 : 0));
    if (stop)
      break;
    auto more = fill();
    if (!more)
      return more.error();
    if (!*more)
      break;
  }
  start_.resize(std::min<uint64_t>(start_.size(), line.size));
  line.text = start_;
  return true;
}

result<bool> input_file::next(input_line& line) {
  line = {};
  size_t searched = 0;
  const char* stop = nullptr;
  for (;;) {
    stop = static_cast<const char*>(
      std::memchr(buffer_.data() + at_ + searched, '\n', end_ - at_ - searched));
    if (stop)
      break;
    searched = end_ - at_;
    if (searched > line_max_)
      break;
    auto more = fill();
    if (!more)
      return more.error();
    if (!*more)
      break;
  }
  const size_t size = stop ? static_cast<size_t>(stop - buffer_.data()) - at_ : end_ - at_;
  if (size == 0 && !stop)
    return false;
  line.number = ++lines_;
  if (size > line_max_)
    return skip_line(line);
  line.text = {buffer_.data() + at_, size};
  line.size = size;
  if (lines_ == 1 && line.text.starts_with(byte_order_mark))
    line.text.remove_prefix(byte_order_mark.size());
  take(size + (stop ? 1 : 0));
  return true;
}

} // namespace penstock::io
