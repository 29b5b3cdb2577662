#include "core/io/file/input_file.hpp"
#include "core/io/file/request_reader.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <random>
#include <thread>

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

namespace {

constexpr uint64_t no_cap = 64u << 20;

std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), ' ');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct all_lines {
  std::vector<std::string> texts;
  std::vector<bool> too_long;
  std::vector<uint64_t> sizes;
  std::string hash;
  uint64_t bytes = 0;
};

result<all_lines> read_all(const std::string& path, uint64_t cap = no_cap) {
  auto file = input_file::open(path, cap);
  if (!file)
    return file.error();
  all_lines all;
  for (input_line line;;) {
    auto more = file->next(line);
    if (!more)
      return more.error();
    if (!*more)
      break;
    all.texts.emplace_back(line.text);
    all.too_long.push_back(line.too_long);
    all.sizes.push_back(line.size);
    BOOST_TEST(line.number == all.texts.size());
  }
  all.hash = file->hash();
  all.bytes = file->bytes();
  return all;
}

// Feeds `bytes` through a named pipe in pieces of random size while `read` runs.
template <class F>
auto through_pipe(const temp_dir& dir, const std::string& bytes, uint32_t seed, F&& read) {
  const auto path = dir / "pipe";
  ::mkfifo(path.c_str(), 0600);
  std::thread writer{[&] {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    std::mt19937 random{seed};
    for (size_t at = 0; at < bytes.size();) {
      const auto n =
        ::write(fd, bytes.data() + at, std::min<size_t>(random() % 3000 + 1, bytes.size() - at));
      if (n < 0)
        break;
      at += static_cast<size_t>(n);
    }
    ::close(fd);
  }};
  auto got = read(path);
  writer.join();
  ::unlink(path.c_str());
  return got;
}

std::string request_line(int i) {
  return R"({"custom_id":"id-)" + std::to_string(i) + R"(","url":"/v1/x","body":{}})";
}

result<std::vector<std::string>> ids_of(request_reader& reader) {
  std::vector<std::string> ids;
  for (;;) {
    auto r = reader.next();
    if (!r)
      return r.error();
    if (!*r)
      return ids;
    ids.push_back((*r)->custom_id);
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(input_files)

BOOST_AUTO_TEST_CASE(lines_come_with_and_without_a_last_line_break) {
  temp_dir dir;
  write_file(dir / "a", "one\n\r\nthree\r\nlast");
  auto all = read_all(dir / "a");
  BOOST_REQUIRE(all.has_value());
  BOOST_TEST((all->texts == std::vector<std::string>{"one", "\r", "three\r", "last"}));
  BOOST_TEST(all->bytes == 17u);
  write_file(dir / "a", "");
  BOOST_TEST(read_all(dir / "a")->texts.empty());
  write_file(dir / "a", "\n");
  BOOST_TEST(read_all(dir / "a")->texts.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_no_part_of_the_first_line) {
  temp_dir dir;
  write_file(dir / "a", "\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n");
  auto all = read_all(dir / "a");
  BOOST_REQUIRE(all.has_value());
  BOOST_TEST((all->texts == std::vector<std::string>{"{}", "\xef\xbb\xbf{}"}));
}

BOOST_AUTO_TEST_CASE(the_hash_is_sha256_of_all_bytes) {
  temp_dir dir;
  write_file(dir / "a", "abc");
  BOOST_TEST(read_all(dir / "a")->hash ==
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  write_file(dir / "a", "abc\n");
  BOOST_TEST(read_all(dir / "a")->hash ==
             "edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb");
}

BOOST_AUTO_TEST_CASE(random_lines_come_back_plain_gzipped_and_through_a_pipe) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 random{seed};
      temp_dir dir;
      std::vector<std::string> lines;
      std::string text;
      const size_t longest = seed % 2 ? 100 : 900'000; // Also longer than half a block.
      for (int i = 0; i < (seed % 2 ? 5000 : 12); ++i) {
        lines.emplace_back(random() % longest, static_cast<char>('a' + random() % 26));
        text += lines.back() + "\n";
      }
      write_file(dir / "plain", text);
      write_file(dir / "packed", gzip(text));
      const auto plain = read_all(dir / "plain");
      const auto packed = read_all(dir / "packed");
      const auto piped = through_pipe(dir, text, seed, [](auto& path) { return read_all(path); });
      BOOST_REQUIRE((plain && packed && piped));
      BOOST_TEST((plain->texts == lines));
      BOOST_TEST((packed->texts == lines));
      BOOST_TEST((piped->texts == lines));
      BOOST_TEST(plain->hash == packed->hash);
      BOOST_TEST(plain->hash == piped->hash);
      BOOST_TEST(packed->bytes == text.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_line_above_the_cap_keeps_its_start_alone) {
  temp_dir dir;
  for (size_t size : {1001ul, 5000ul, 3'000'000ul}) {
    for (std::string end : {"\n", "\nnext", ""}) {
      write_file(dir / "a", "first\n" + std::string(size, 'x') + end);
      auto all = read_all(dir / "a", 1000);
      BOOST_REQUIRE(all.has_value());
      BOOST_REQUIRE(all->texts.size() == (end == "\nnext" ? 3u : 2u));
      BOOST_TEST(all->too_long[1]);
      BOOST_TEST(all->sizes[1] == size);
      BOOST_TEST(
        (all->texts[1] == std::string(std::min<size_t>(size, input_file::start_kept), 'x')));
      BOOST_TEST(all->bytes == 6 + size + end.size());
      if (end == "\nnext")
        BOOST_TEST(all->texts[2] == "next");
    }
  }
  write_file(dir / "a", std::string(1000, 'x'));
  BOOST_TEST(!read_all(dir / "a", 1000)->too_long[0]);
}

BOOST_AUTO_TEST_CASE(gzip_members_follow_each_other) {
  temp_dir dir;
  write_file(dir / "a.gz", gzip("one\ntw") + gzip("") + gzip("o\n") + std::string(100, '\0'));
  auto all = read_all(dir / "a.gz");
  BOOST_REQUIRE(all.has_value());
  BOOST_TEST((all->texts == std::vector<std::string>{"one", "two"}));
}

BOOST_AUTO_TEST_CASE(gzip_data_cut_at_any_byte_is_an_error) {
  temp_dir dir;
  const auto packed = gzip(std::string(50, 'a') + "\nb\n");
  for (size_t n = 2; n < packed.size(); ++n) {
    write_file(dir / "a.gz", std::string_view{packed}.substr(0, n));
    auto all = read_all(dir / "a.gz");
    BOOST_TEST_CONTEXT("cut at " << n) {
      BOOST_REQUIRE(all.has_error());
      BOOST_TEST((all.error().code == errc::invalid_input));
      BOOST_TEST(all.error().context.find("too early") != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(damaged_gzip_data_is_an_error) {
  temp_dir dir;
  auto packed = gzip(std::string(5000, 'a'));
  packed[packed.size() - 6] ^= 1; // The checksum.
  write_file(dir / "a", packed);
  BOOST_TEST(read_all(dir / "a").has_error());
  write_file(dir / "a", gzip("x\n") + "garbage");
  BOOST_TEST(read_all(dir / "a").has_error());
  write_file(dir / "plain.gz", "{}\n");
  BOOST_TEST(read_all(dir / "plain.gz").has_error());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_opened_is_named) {
  temp_dir dir;
  for (auto path : {dir / "missing", dir / "."}) {
    auto file = input_file::open(path, no_cap);
    BOOST_REQUIRE(file.has_error());
    BOOST_TEST((file.error().code == errc::io_error));
    BOOST_TEST(file.error().context.find(path) != std::string::npos);
  }
  BOOST_TEST(input_file::open(dir / "missing", no_cap).error().context.find("No such file") !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(request_readers)

BOOST_AUTO_TEST_CASE(blank_lines_have_no_index_and_bad_ones_have) {
  temp_dir dir;
  write_file(dir / "a", "\n" + request_line(0) + "\r\n  \n{bad\n" + std::string(300, 'x') + "\n" +
                          request_line(3) + "\n\n");
  auto reader = request_reader::open(
    dir / "a", {.lines = {}, .line_max = 200, .expected_hash = {}, .expected_start = {}});
  BOOST_REQUIRE(reader.has_value());
  std::vector<core::request> all;
  for (auto r = reader->next(); r && *r; r = reader->next())
    all.push_back(**r);
  BOOST_REQUIRE(all.size() == 4u);
  for (uint64_t i = 0; i < all.size(); ++i)
    BOOST_TEST(all[i].index == i);
  BOOST_TEST(all[0].line == 2u);
  BOOST_TEST(!all[0].rejection.has_value());
  BOOST_TEST(all[1].rejection->context.starts_with("line 4: not valid JSON"));
  BOOST_TEST(all[2].rejection->context == "line 5: longer than 200 bytes");
  BOOST_TEST(all[3].custom_id == "id-3");
  BOOST_TEST(all[3].line == 6u);
}

BOOST_AUTO_TEST_CASE(an_input_that_changed_is_an_error_at_its_end) {
  temp_dir dir;
  write_file(dir / "a", request_line(0) + "\n");
  auto first = request_reader::open(dir / "a", {});
  BOOST_TEST(ids_of(*first)->size() == 1u);
  auto same = request_reader::open(
    dir / "a", {.lines = {}, .expected_hash = first->hash(), .expected_start = {}});
  BOOST_TEST(ids_of(*same).has_value());
  auto other = request_reader::open(
    dir / "a", {.lines = {}, .expected_hash = std::string(64, '0'), .expected_start = {}});
  auto ids = ids_of(*other);
  BOOST_REQUIRE(ids.has_error());
  BOOST_TEST((ids.error().code == errc::input_changed));
}

BOOST_AUTO_TEST_CASE(a_resumed_pipe_goes_on_only_if_it_begins_the_same) {
  temp_dir dir;
  std::string text;
  for (int i = 0; i < 20; ++i)
    text += request_line(i) + (i % 3 ? "\n" : "\n\n");
  for (uint64_t read = 1; read <= 20; ++read) {
    for (uint64_t first = 0; first <= 20; ++first) {
      BOOST_TEST_CONTEXT("mark at " << read << ", going on at " << first) {
        write_file(dir / "a", text);
        auto before = request_reader::open(
          dir / "a", {.lines = {}, .expected_hash = {}, .marks = true, .expected_start = {}});
        for (uint64_t i = 0; i < read; ++i)
          BOOST_REQUIRE(before->next()->has_value());
        const reader_options options{
          .lines = {}, .first_index = first, .expected_hash = {}, .expected_start = before->mark()};
        auto again = request_reader::open(dir / "a", options);
        const auto ids = ids_of(*again);
        BOOST_REQUIRE(ids.has_value());
        BOOST_REQUIRE(ids->size() == 20 - first);
        for (uint64_t i = 0; i < ids->size(); ++i)
          BOOST_TEST((*ids)[i] == "id-" + std::to_string(first + i));
        // A change before the mark is refused before any request is returned.
        auto changed = text;
        changed.replace(changed.find("id-" + std::to_string(read - 1) + "\""), 4, "other");
        write_file(dir / "a", changed);
        auto refused = request_reader::open(dir / "a", options);
        const auto r = refused->next();
        BOOST_REQUIRE(r.has_error());
        BOOST_TEST((r.error().code == errc::input_changed));
        write_file(dir / "a",
                   text.substr(0, text.find("id-" + std::to_string(read - 1) + "\"") - 14));
        auto shorter = request_reader::open(dir / "a", options);
        BOOST_TEST(shorter->next().has_error());
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
