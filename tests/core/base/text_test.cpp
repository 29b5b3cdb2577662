#include "core/base/text.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock::core;

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(counts_have_commas_between_groups_of_three_digits) {
  const std::pair<uint64_t, std::string_view> rows[] = {
    {0, "0"},          {999, "999"},        {1000, "1,000"},
    {12345, "12,345"}, {123456, "123,456"}, {18446744073709551615u, "18,446,744,073,709,551,615"}};
  for (auto& [n, text] : rows)
    BOOST_TEST(count_text(n) == text);
}

BOOST_AUTO_TEST_CASE(case_is_ignored_for_ascii_letters_alone) {
  BOOST_TEST(equal_nocase("Content-Type", "cONTENT-tYPE"));
  BOOST_TEST(!equal_nocase("a", "ab"));
  BOOST_TEST(!equal_nocase("\xC3\x84", "\xC3\xA4"));
  BOOST_TEST(!equal_nocase("[", "{"));
}

BOOST_AUTO_TEST_CASE(trim_takes_blanks_and_line_breaks_off_both_ends_only) {
  BOOST_TEST(trim(" \t\r\n a b \n") == "a b");
  BOOST_TEST(trim(" \n ").empty());
  BOOST_TEST(trim("").empty());
}

BOOST_AUTO_TEST_CASE(find_nocase_finds_any_case_from_a_position_on) {
  BOOST_TEST(find_nocase("xx RPM rpm", "rpm") == 3u);
  BOOST_TEST(find_nocase("xx RPM rpm", "rpm", 4) == 7u);
  BOOST_TEST(find_nocase("xx", "rpm") == std::string_view::npos);
  BOOST_TEST(find_nocase("xx", "x", 9) == std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(utf8_is_judged_as_unicode_defines_it) {
  for (std::string_view good :
       {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF",
        "\xF4\x8F\xBF\xBF", "twelve bytes \xC3\xA9 and more of them"})
    BOOST_TEST(is_utf8(good), good);
  for (std::string_view bad :
       {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "twelve bytes an\xC3"})
    BOOST_TEST(!is_utf8(bad));
}

BOOST_AUTO_TEST_CASE(clean_text_is_one_line_of_utf8) {
  BOOST_TEST(clean_text("  a\r\n\tb \x01 c\x7F ", 100) == "a b c");
  BOOST_TEST(clean_text("a\xFFz", 100) == "a\xEF\xBF\xBDz");
  BOOST_TEST(clean_text("a\xC2\x9Bz", 100) == "a\xEF\xBF\xBDz"); // CSI: some terminals obey it.
  BOOST_TEST(clean_text("\xC3\xA9t\xC3\xA9", 100) == "\xC3\xA9t\xC3\xA9");
}

BOOST_AUTO_TEST_CASE(clean_text_cuts_between_characters) {
  BOOST_TEST(clean_text("123456", 6) == "123456");
  BOOST_TEST(clean_text("1234567", 6) == "123...");
  BOOST_TEST(clean_text("123456 8", 7) == "1234..."); // The space counts too.
  BOOST_TEST(clean_text("\xC3\xA9\xC3\xA9\xC3\xA9", 5) == "\xC3\xA9...");
  BOOST_TEST(clean_text("abcdef", 2).empty());
}

BOOST_AUTO_TEST_CASE(clean_text_of_any_bytes_is_bounded_utf8_without_control_characters) {
  for (uint32_t seed = 0; seed < 500; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 rng{seed};
      std::string bytes(rng() % 200, '\0');
      for (auto& c : bytes)
        c = static_cast<char>(rng());
      const size_t max = rng() % 100;
      const auto clean = clean_text(bytes, max);
      BOOST_TEST(clean.size() <= max);
      BOOST_TEST(is_utf8(clean));
      for (char c : clean)
        BOOST_TEST((static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_page_is_known_by_type_or_first_bytes) {
  BOOST_TEST(is_html("text/html; charset=UTF-8", "anything"));
  BOOST_TEST(is_html("", "\n <!DOCTYPE html><html>"));
  BOOST_TEST(is_html("application/json", "<HTML>"));
  BOOST_TEST(!is_html("application/json", "{\"a\":\"<html>\"}"));
  BOOST_TEST(!is_html("", ""));
}

BOOST_AUTO_TEST_CASE(a_page_shrinks_to_its_title_or_its_visible_text) {
  BOOST_TEST(
    describe_html(502, "<html><head><title lang=en>502 Bad\n Gateway</title></head><body>x") ==
    "HTML page (502): \"502 Bad Gateway\"");
  BOOST_TEST(
    describe_html(200, "<body><script>if (a<b) x()</script><STYLE>p{}</STYLE><h1>Log in</h1>") ==
    "HTML page (200): \"Log in\"");
  BOOST_TEST(describe_html(500, "<html><title>never closed") ==
             "HTML page (500): \"never closed\"");
  BOOST_TEST(describe_html(500, "<") == "HTML page (500): \"\"");
  BOOST_TEST(describe_html(500, "<script") == "HTML page (500): \"\"");
  BOOST_TEST(describe_html(500, "<p>" + std::string(100'000, 'x')).size() < 200u);
}

BOOST_AUTO_TEST_CASE(noise_before_json_is_skipped_and_nothing_else) {
  BOOST_TEST(skip_noise("\xEF\xBB\xBF{}") == "{}");
  BOOST_TEST(skip_noise("\n\r\n \t{} ") == "{} ");
  BOOST_TEST(skip_noise(": keep-alive\n\n: keep-alive\n{}") == "{}");
  BOOST_TEST(skip_noise(": only a comment").empty());
  BOOST_TEST(skip_noise("x\n{}") == "x\n{}");
}

BOOST_AUTO_TEST_CASE(one_line_json_changes_white_space_only) {
  BOOST_TEST(one_line_json("\n{\r\n \"a\": \"b\\n\"\n}\n") == "{   \"a\": \"b\\n\" }");
  BOOST_TEST(one_line_json(": keep-alive\n[1]\n") == "[1]");
  BOOST_TEST(one_line_json("{}") == "{}");
  BOOST_TEST(one_line_json(" \n ").empty());
  BOOST_TEST(one_line_json("").empty());
}

BOOST_AUTO_TEST_SUITE_END()
