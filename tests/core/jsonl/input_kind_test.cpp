#include "core/jsonl/input_kind.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace penstock;
using namespace penstock::core;
using namespace std::string_literals;

namespace {

bool refuses(const std::string& start, std::string_view words, bool whole = true) {
  const auto why = no_requests(start, whole);
  BOOST_TEST_MESSAGE(why);
  return why.find(words) != std::string::npos;
}

const std::string one_request = R"({"custom_id":"a","body":{"model":"m","messages":[]}})";

} // namespace

BOOST_AUTO_TEST_SUITE(input_kind)

BOOST_AUTO_TEST_CASE(files_that_are_no_lines_are_named) {
  BOOST_TEST(refuses("", "is empty"));
  BOOST_TEST(refuses(" \n\n", "blank lines"));
  BOOST_TEST(refuses("\xff\xfe{\0\"\0"s, "UTF-16"));
  BOOST_TEST(refuses("{\0\"\0a\0\"\0:\0001\0}\0\n\0"s, "UTF-16"));
  BOOST_TEST(refuses("\0{\0\"\0a\0\"\0:\0001\0}\0\n"s, "UTF-16"));
  BOOST_TEST(refuses("PK\x03\x04....in.jsonl", "zip archive"));
  BOOST_TEST(refuses("PK\x03\x04....xl/workbook.xml", "Excel"));
  BOOST_TEST(refuses("PK\x03\x04....word/document.xml", "Word"));
  BOOST_TEST(refuses("\x1f\x8b\x08", "gunzip"));
  BOOST_TEST(refuses("%PDF-1.7", "PDF"));
  BOOST_TEST(refuses("\xd0\xcf\x11\xe0", "Office"));
  BOOST_TEST(refuses("<!DOCTYPE html><html>", "HTML"));
  BOOST_TEST(refuses("<?xml version=\"1.0\"?><a/>", "XML"));
}

BOOST_AUTO_TEST_CASE(json_in_one_piece_is_named) {
  BOOST_TEST(refuses("[" + one_request + "]", "jq -c '.[]'"));
  BOOST_TEST(refuses("[\n  " + one_request + ",\n  " + one_request + "\n]\n", "jq -c '.[]'"));
  BOOST_TEST(refuses("[\n  {\n    \"custom_id\": \"a\"\n  }\n]\n", "jq -c '.[]'"));
  BOOST_TEST(refuses("{\n  \"custom_id\": \"a\",\n  \"body\": {}\n}\n", "jq -c . "));
  BOOST_TEST(refuses("{\"requests\":[{\"custom_id\":\"a\",\"params\":{}}]}", "'.requests[]'"));
  BOOST_TEST(refuses("[" + std::string(100, ' '), "jq -c '.[]'", false));
}

BOOST_AUTO_TEST_CASE(tables_and_other_texts_are_named) {
  BOOST_TEST(refuses("student,answer\nann,a\nbob,b\n", "penstock map"));
  BOOST_TEST(refuses("student;answer\nann;a, b\nbob;b\n", "penstock map"));
  BOOST_TEST(refuses("a\tb\n1\t2\n", "penstock map"));
  BOOST_TEST(refuses("{\"student\":\"ann\"}\n{\"student\":\"bob\"}\n", "penstock map"));
  BOOST_TEST(refuses("Dear all,\nhello\n", "line 1 is \"Dear all,\""));
}

BOOST_AUTO_TEST_CASE(lines_with_any_request_among_them_are_taken) {
  for (const auto& text :
       {one_request + "\n", "not json\n" + one_request + "\n", "[]\n" + one_request + "\n",
        "\xef\xbb\xbf" + one_request, "\n\n" + one_request + "\n{\"a\":1}\n",
        R"({"custom_id":"a","params":{"model":"m"}})"s, R"({"messages":[]})"s,
        R"({"custom_id":"broken","body":)"s + "\n" + one_request, "{broken}\n{worse}\n"s})
    BOOST_TEST(no_requests(text, true).empty(), text);
  BOOST_TEST(no_requests("{\"body\":{\"text\":\"" + std::string(1000, 'x'), false).empty());
}

BOOST_AUTO_TEST_SUITE_END()
