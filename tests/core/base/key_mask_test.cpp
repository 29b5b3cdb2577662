#include "core/base/key_mask.hpp"
#include "core/base/base64.hpp"
#include "core/base/http.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock::core;

namespace {

constexpr std::string_view secret = "sk-proj/Ab12+cd34=XY";

std::string masked(std::string text) {
  key_mask{{std::string{secret}}}.mask(text);
  return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(key_masks)

BOOST_AUTO_TEST_CASE(a_key_is_removed_wherever_it_stands) {
  const std::string key{secret};
  BOOST_TEST(masked("bad key " + key + "!") == "bad key [key removed]!");
  BOOST_TEST(masked("Bearer " + key) == "Bearer [key removed]");
  BOOST_TEST(masked(key + key + "-" + key) == "[key removed][key removed]-[key removed]");
  BOOST_TEST(masked(R"({"e":"sk-proj\/Ab12+cd34=XY"})") == R"({"e":"[key removed]"})");
}

BOOST_AUTO_TEST_CASE(a_key_in_base64_is_removed_at_every_place) {
  for (size_t before = 0; before < 7; ++before)
    for (size_t after = 0; after < 4; ++after) {
      const auto text =
        base64_encode(std::string(before, 'b') + std::string{secret} + std::string(after, 'a'));
      const auto left = masked(text);
      BOOST_TEST(left.find(key_mask::replacement) != left.npos, text);
      // Only characters that hold bits of other bytes, or their neighbours', remain.
      BOOST_TEST(left.size() <= key_mask::replacement.size() + (before + after + 4) / 3 * 4 + 4);
    }
  BOOST_TEST(masked(base64_encode("Bearer " + std::string{secret})).find("[key removed]") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(other_texts_stay_as_they_are) {
  std::string text = "sk-proj/Ab12+cd34=X";
  BOOST_TEST(!key_mask{{std::string{secret}}}.mask(text));
  BOOST_TEST(text == "sk-proj/Ab12+cd34=X");
  // A short key could be a word of an answer.
  std::string word = "a short key and none";
  BOOST_TEST(!(key_mask{{"short", ""}}.mask(word)));
  BOOST_TEST(!key_mask{}.mask(word));
  std::string nothing;
  BOOST_TEST(!key_mask{{std::string{secret}}}.mask(nothing));
}

BOOST_AUTO_TEST_CASE(a_key_that_contains_another_goes_whole) {
  std::string text = "12345678 and 1234567890";
  BOOST_TEST((key_mask{{"12345678", "1234567890"}}.mask(text)));
  BOOST_TEST(text == "[key removed] and [key removed]");
}

BOOST_AUTO_TEST_CASE(all_texts_of_an_answer_are_masked) {
  http_response answer;
  answer.body = "a" + std::string{secret};
  answer.failure_text = "b" + std::string{secret};
  answer.headers = {{"x-key", std::string{secret}}, {"x-other", "1"}};
  key_mask{{"another-key", std::string{secret}}}.mask(answer);
  BOOST_TEST(answer.body == "a[key removed]");
  BOOST_TEST(answer.failure_text == "b[key removed]");
  BOOST_TEST(answer.headers[0].second == "[key removed]");
  BOOST_TEST(answer.headers[1].second == "1");
}

BOOST_AUTO_TEST_SUITE_END()
