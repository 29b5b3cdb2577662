#include "core/io/file/byte_source.hpp"
#include "core/io/file/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace penstock::io {

namespace {

// Keeps the first bytes, which were read to detect gzip.
class plain_source : public byte_source {
public:
  plain_source(file_descriptor fd, std::string path, bool regular)
      : fd_{std::move(fd)}, path_{std::move(path)}, regular_{regular} {}

  // Reads the first bytes; a pipe may deliver them one by one.
  result<bool> begins_with_gzip_magic() {
    while (peeked_.size() < 2) {
      char c;
      auto n = read_raw(&c, 1);
      if (!n)
        return n.error();
      if (*n == 0)
        break;
      peeked_ += c;
    }
    return peeked_ == "\x1f\x8b";
  }

  result<size_t> read(char* to, size_t size) override {
    if (peeked_.empty())
      return read_raw(to, size);
    const size_t n = std::min(size, peeked_.size());
    std::memcpy(to, peeked_.data(), n);
    peeked_.erase(0, n);
    return n;
  }

  bool is_regular() const noexcept override { return regular_; }
  const std::string& path() const noexcept { return path_; }

private:
  result<size_t> read_raw(char* to, size_t size) {
    for (;;) {
      const auto n = ::read(fd_.get(), to, size);
      if (n >= 0)
        return static_cast<size_t>(n);
      if (errno != EINTR)
        return system_error("cannot read", path_, errno);
    }
  }

  file_descriptor fd_;
  std::string path_;
  bool regular_;
  std::string peeked_;
};

// Decompresses the members of a gzip file one after the other.
class gzip_source : public byte_source {
public:
  explicit gzip_source(std::unique_ptr<plain_source> source) : source_{std::move(source)} {
    inflateInit2(&stream_, 15 + 16); // The largest window; only gzip frames.
  }
  ~gzip_source() override { inflateEnd(&stream_); }
  gzip_source(const gzip_source&) = delete;
  gzip_source& operator=(const gzip_source&) = delete;

  result<size_t> read(char* to, size_t size) override {
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(std::min<size_t>(size, 1u << 30));
    const auto room = stream_.avail_out;
    while (stream_.avail_out == room && !ended_)
      if (auto stepped = step(); !stepped)
        return stepped.error();
    return room - stream_.avail_out;
  }

  bool is_regular() const noexcept override { return source_->is_regular(); }

private:
  result<void> step() {
    if (stream_.avail_in == 0)
      if (auto filled = fill(); !filled || ended_)
        return filled;
    if (between_members_) {
      // Tapes and some tools add zeros after the last member.
      while (stream_.avail_in > 0 && *stream_.next_in == 0) {
        ++stream_.next_in;
        --stream_.avail_in;
      }
      if (stream_.avail_in == 0)
        return {};
      inflateReset(&stream_);
      between_members_ = false;
    }
    switch (inflate(&stream_, Z_NO_FLUSH)) {
    case Z_OK:
    case Z_BUF_ERROR: return {};
    case Z_STREAM_END: between_members_ = true; return {};
    case Z_MEM_ERROR: return error{errc::io_error, source_->path() + ": no memory to decompress"};
    default:
      return error{errc::invalid_input, source_->path() + ": the gzip data is damaged (" +
                                          (stream_.msg ? stream_.msg : "unknown reason") + ")"};
    }
  }

  result<void> fill() {
    auto n = source_->read(buffer_.data(), buffer_.size());
    if (!n)
      return n.error();
    stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_in = static_cast<uInt>(*n);
    ended_ = *n == 0;
    if (ended_ && !between_members_)
      return error{errc::invalid_input, source_->path() + ": the gzip data ends too early; "
                                                          "the file is not whole"};
    return {};
  }

  std::unique_ptr<plain_source> source_;
  z_stream stream_{};
  std::vector<char> buffer_ = std::vector<char>(256 << 10);
  bool between_members_ = false;
  bool ended_ = false;
};

} // namespace

result<std::unique_ptr<byte_source>> open_byte_source(const std::string& path) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : path;
  file_descriptor fd = standard ? file_descriptor{STDIN_FILENO, false}
                                : file_descriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.valid())
    return system_error("cannot open", name, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0)
    return system_error("cannot open", name, errno);
  if (S_ISDIR(info.st_mode))
    return system_error("cannot read", name, EISDIR);
  const bool regular = !standard && S_ISREG(info.st_mode);
  if (regular)
    ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  auto plain = std::make_unique<plain_source>(std::move(fd), name, regular);
  auto gzip = plain->begins_with_gzip_magic();
  if (!gzip)
    return gzip.error();
  if (*gzip)
    return std::make_unique<gzip_source>(std::move(plain));
  if (path.ends_with(".gz"))
    return error{errc::invalid_input, path + ": the name ends in .gz, but it holds no gzip data"};
  return plain;
}

} // namespace penstock::io
