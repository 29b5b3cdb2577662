#include "core/json/json_check.hpp"
#include "core/json/json_repair.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;

namespace {

namespace json = boost::json;

std::string repaired(std::string_view text) {
  const auto mended = repair_json(text);
  return mended ? mended->text : "unchanged";
}

} // namespace

BOOST_AUTO_TEST_SUITE(json_repair)

BOOST_AUTO_TEST_CASE(each_fault_is_mended_and_named) {
  BOOST_TEST(repaired(R"({"a":"x\ud83d"})") == R"({"a":"x\ufffd"})");
  BOOST_TEST(repaired(R"({"a":"\ude00x"})") == R"({"a":"\ufffdx"})");
  BOOST_TEST(repaired(R"({"a":"\ud83d\ud83d\ude00"})") == R"({"a":"\ufffd\ud83d\ude00"})");
  BOOST_TEST(repaired("{\"a\":\"b\xff\"}") == "{\"a\":\"b\xEF\xBF\xBD\"}");
  BOOST_TEST(repaired("{\"a\":\"1\n2\t3\x01\"}") == R"({"a":"1\n2\t3\u0001"})");
  BOOST_TEST(repaired(R"({"a":NaN,"b":-Infinity,"c":[Infinity]})") ==
             R"({"a":null,"b":null,"c":[null]})");
  BOOST_TEST(repair_json("{\"a\":\"\\ud83d\",\"b\":\"\n\"}")->what ==
             "half of a surrogate pair, a raw control character");
}

BOOST_AUTO_TEST_CASE(what_is_right_or_beyond_repair_stays) {
  for (std::string_view text : {R"({"a":"\ud83d\ude00 NaN \" \\ \u00e9"})", "{\n \"a\" :\t1 }", "",
                                "{", "\"abc", "\"a\\", "{\"a\":\"\xF0\x9F\x98\x80\"}", R"("\u12")"})
    BOOST_TEST(!repair_json(text), text);
}

BOOST_AUTO_TEST_CASE(faults_put_into_right_json_are_all_mended) {
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 rng{seed};
  // A low half could make a pair with a high one before it.
  const std::string_view faults[]{"\\ud800", "\xff", "\xc3", "\xed\xa0\x80", "\n", "\x02"};
  for (int round = 0; round < 2000; ++round) {
    std::string text = R"({"a":"Grüße \ud83d\ude00","b":["x\"y",{"c":"\\"}],"d":-1.5e3})";
    BOOST_REQUIRE(!repair_json(text));
    for (auto n = 1 + rng() % 3; n > 0; --n) {
      // Right behind a quote that opens a text.
      const std::string_view opens[]{"{\"a\":\"", "[\"", "\"c\":\""};
      const auto open = opens[rng() % 3];
      text.insert(text.find(open) + open.size(), faults[rng() % std::size(faults)]);
    }
    const auto mended = repair_json(text);
    BOOST_REQUIRE_MESSAGE(mended, "seed " << seed << ": " << text);
    const auto fault = check_json(mended->text);
    BOOST_REQUIRE_MESSAGE(!fault, "seed " << seed << ": " << mended->text);
    json::error_code ec;
    const auto value = json::parse(mended->text, ec);
    BOOST_REQUIRE(!ec);
    BOOST_TEST(value.at("d").to_number<double>() == -1500.0);
    BOOST_TEST(!repair_json(mended->text));
  }
}

BOOST_AUTO_TEST_CASE(any_bytes_are_survived) {
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 rng{seed};
  for (int round = 0; round < 20'000; ++round) {
    std::string text(rng() % 24, '\0');
    for (auto& c : text)
      c = rng() % 3 == 0 ? R"("\u{}[],d8)"[rng() % 11] : static_cast<char>(rng());
    if (const auto mended = repair_json(text))
      BOOST_TEST(!repair_json(mended->text), "seed " << seed);
  }
}

BOOST_AUTO_TEST_SUITE_END()
