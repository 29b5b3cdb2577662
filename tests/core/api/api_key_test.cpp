#include "core/api/api_key.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using core::api_scope;

BOOST_AUTO_TEST_SUITE(api_key)

BOOST_AUTO_TEST_CASE(a_key_checks_itself) {
  std::mt19937 random{7};
  for (int n = 0; n < 200; ++n) {
    std::array<uint8_t, 32> bytes{};
    for (auto& b : bytes)
      b = static_cast<uint8_t>(random());
    const auto text = core::make_key_text(bytes);
    BOOST_TEST(text.size() == 40u);
    BOOST_TEST(core::is_key_text(text));
    auto wrong = text;
    const auto at = 4 + random() % 36;
    wrong[at] = wrong[at] == 'a' ? 'b' : 'a';
    BOOST_TEST(!core::is_key_text(wrong), wrong);
  }
}

BOOST_AUTO_TEST_CASE(other_texts_are_no_keys) {
  for (auto text : {"", "pst_", "sk-1234567890", "pst_000000000000000000000000000000000000x",
                    "pst_00000000000000000000000000000000000 "})
    BOOST_TEST(!core::is_key_text(text), text);
}

BOOST_AUTO_TEST_CASE(admin_may_everything_and_models_are_patterns) {
  core::api_key k;
  k.scopes = {api_scope::read};
  BOOST_TEST(k.allows(api_scope::read));
  BOOST_TEST(!k.allows(api_scope::run));
  BOOST_TEST(k.allows_model("anything"));
  k.models = {"gpt-4o*", "small"};
  BOOST_TEST(k.allows_model("gpt-4o-mini"));
  BOOST_TEST(!k.allows_model("gpt-5"));
  k.scopes = {api_scope::admin};
  for (auto s : {api_scope::run, api_scope::read, api_scope::operate, api_scope::metrics})
    BOOST_TEST(k.allows(s));
}

BOOST_AUTO_TEST_CASE(scopes_have_names) {
  for (auto s :
       {api_scope::run, api_scope::read, api_scope::operate, api_scope::admin, api_scope::metrics})
    BOOST_TEST((core::api_scope_from(core::to_string(s)) == s));
  BOOST_TEST(!core::api_scope_from("root").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
