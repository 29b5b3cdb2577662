#include "core/io/file/input_scan.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

namespace {

std::string line(std::string_view id, std::string_view body = "{}") {
  return R"({"custom_id":")" + std::string{id} + R"(","url":"/v1/x","body":)" + std::string{body} +
         "}\n";
}

} // namespace

BOOST_AUTO_TEST_SUITE(input_scan)

BOOST_AUTO_TEST_CASE(everything_is_counted) {
  temp_dir dir;
  const auto text = line("a", R"({"model":"m","max_tokens":10})") + "\n" +
                    line("b", R"({"model":"m"})") + "nonsense\n" + line("c", R"({"model":"n"})");
  write_file(dir / "in", text);
  auto s = scan_input(dir / "in", {});
  BOOST_REQUIRE(s.has_value());
  BOOST_TEST(s->requests == 4u);
  BOOST_TEST(s->rejected == 1u);
  BOOST_TEST(s->bytes == text.size());
  BOOST_TEST(s->hash.size() == 64u);
  BOOST_REQUIRE(s->rejections.size() == 1u);
  BOOST_TEST(s->rejections[0].line == 4u);
  BOOST_TEST(s->rejections[0].custom_id == "request-2");
  BOOST_REQUIRE(s->models.size() == 2u);
  auto& m = s->models.at({"m", "/v1/x"});
  BOOST_TEST(m.requests == 2u);
  BOOST_TEST(m.output_tokens_max == 10u);
  BOOST_TEST(m.without_maximum == 1u);
  BOOST_TEST(s->total().requests == 3u);
  BOOST_TEST(s->total().body_bytes == 29u + 13u + 13u);
  BOOST_TEST(s->duplicates.empty());
}

BOOST_AUTO_TEST_CASE(an_empty_input_is_an_empty_job) {
  temp_dir dir;
  write_file(dir / "in", "\n \n");
  auto s = scan_input(dir / "in", {});
  BOOST_REQUIRE(s.has_value());
  BOOST_TEST(s->requests == 0u);
  BOOST_TEST(s->total().requests == 0u);
}

BOOST_AUTO_TEST_CASE(the_lists_stay_short) {
  temp_dir dir;
  std::string text;
  for (int i = 0; i < 500; ++i)
    text += "bad\n" + line("id" + std::to_string(i), R"({"model":"m)" + std::to_string(i) + "\"}");
  write_file(dir / "in", text);
  auto s = scan_input(dir / "in", {});
  BOOST_REQUIRE(s.has_value());
  BOOST_TEST(s->rejected == 500u);
  BOOST_TEST(s->rejections.size() == input_summary::examples_max);
  BOOST_TEST(s->models.size() == input_summary::models_max + 1);
  BOOST_TEST(s->total().requests == 500u);
}

BOOST_AUTO_TEST_CASE(a_repeated_custom_id_is_named_with_both_lines) {
  temp_dir dir;
  write_file(dir / "in",
             line("a") + line("b") + line("request-4") + line("b") + R"({"url":"/x","body":{}})");
  auto s = scan_input(dir / "in", {});
  BOOST_REQUIRE(s.has_value());
  BOOST_REQUIRE(s->duplicates.size() == 2u);
  BOOST_TEST(s->duplicates[0].custom_id == "b");
  BOOST_TEST(s->duplicates[0].first_line == 2u);
  BOOST_TEST(s->duplicates[0].second_line == 4u);
  BOOST_TEST(s->duplicates[1].custom_id == "request-4");
}

BOOST_AUTO_TEST_CASE(a_file_joined_to_itself_gives_ten_examples) {
  temp_dir dir;
  std::string text;
  for (int i = 0; i < 300; ++i)
    text += line("id" + std::to_string(i));
  write_file(dir / "in", text + text);
  auto s = scan_input(dir / "in", {});
  BOOST_REQUIRE(s.has_value());
  BOOST_TEST(s->duplicates.size() == input_summary::examples_max);
}

BOOST_AUTO_TEST_CASE(progress_is_told) {
  temp_dir dir;
  std::string text;
  for (int i = 0; i < 40000; ++i)
    text += line(std::to_string(i));
  write_file(dir / "in", text);
  std::vector<uint64_t> told;
  auto s = scan_input(dir / "in",
                      {.lines = {}, .progress = [&](uint64_t n, uint64_t) { told.push_back(n); }});
  BOOST_REQUIRE(s.has_value());
  BOOST_TEST((told == std::vector<uint64_t>{16384, 32768}));
}

BOOST_AUTO_TEST_CASE(a_device_cannot_be_scanned) {
  BOOST_TEST(scan_input("/dev/null", {}).has_error());
}

BOOST_AUTO_TEST_SUITE_END()
