#include "core/map/map_print.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;

namespace {

namespace json = boost::json;

recipe_stage print_stage(const std::string& prompt = "Grade {{answer}}") {
  recipe_stage s;
  s.name = "grade";
  s.prompt = *prompt_template::compile(prompt);
  return s;
}

row_scope cells(json::object values) { return {1, std::move(values)}; }

uint64_t asks(const recipe_stage& s, const row_scope& row, std::vector<std::string> names = {},
              const print_context& context = {"openai", "m"}, bool pdf_as_text = true) {
  auto made = asks_of(s, row, names, context, pdf_as_text);
  BOOST_REQUIRE(made.has_value());
  return *made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(map_print_suite)

BOOST_AUTO_TEST_CASE(everything_that_shapes_a_request_is_in_its_print) {
  const auto row = cells({{"answer", "a"}, {"remark", "x"}});
  const auto as_it_is = asks(print_stage(), row);
  BOOST_TEST(as_it_is == asks(print_stage(), cells({{"answer", "a"}, {"remark", "y"}})));
  std::vector<uint64_t> others{asks(print_stage(), cells({{"answer", "b"}})),
                               asks(print_stage("Rate {{answer}}"), row),
                               asks(print_stage(), row, {}, {"anthropic", "m"}),
                               asks(print_stage(), row, {}, {"openai", "n"}),
                               asks(print_stage(), row, {"essay.pdf"}),
                               asks(print_stage(), row, {"other.pdf"}),
                               asks(print_stage(), row, {"essay.pdf"}, {"openai", "m"}, false)};
  auto s = print_stage();
  s.system = *prompt_template::compile("Be strict.");
  others.push_back(asks(s, row));
  s = print_stage();
  s.model = "large";
  others.push_back(asks(s, row));
  s = print_stage();
  s.parameters["temperature"] = 0.5;
  others.push_back(asks(s, row));
  s = print_stage();
  s.schema = *schema_check::compile(json::parse(R"({"type":"object","required":["score"]})"));
  others.push_back(asks(s, row));
  s.schema_in_prompt = true;
  others.push_back(asks(s, row));
  s = print_stage();
  s.rules.comments = comment_mode::show;
  others.push_back(asks(s, row, {"essay.pdf"}));
  for (size_t i = 0; i < others.size(); ++i) {
    BOOST_TEST(others[i] != as_it_is, i);
    for (size_t k = 0; k < i; ++k)
      BOOST_TEST(others[i] != others[k], i << " and " << k);
  }
}

BOOST_AUTO_TEST_CASE(the_answer_of_an_earlier_stage_is_part_of_a_print) {
  auto row = cells({{"answer", "a"}});
  row.set_answer("extract", {"one", {}});
  const auto first = asks(print_stage("Improve {{extract}}"), row);
  row.set_answer("extract", {"two", {}});
  BOOST_TEST(first != asks(print_stage("Improve {{extract}}"), row));
}

BOOST_AUTO_TEST_CASE(no_request_no_print) {
  BOOST_TEST(!asks_of(print_stage("{{answer}}"), cells({{"answer", ""}}), {}, {}, true));
}

BOOST_AUTO_TEST_CASE(bytes_of_documents_decide_unless_one_is_gone) {
  const stage_print now{7, "abc ", true};
  BOOST_TEST(is_same(now, 7, "abc "));
  BOOST_TEST(!is_same(now, 7, "abd "));
  BOOST_TEST(!is_same(now, 8, "abc "));
  BOOST_TEST(is_same({7, "- ", false}, 7, "abc "));
  BOOST_TEST(!is_same({7, "- ", false}, 8, "abc "));
}

BOOST_AUTO_TEST_CASE(keys_tell_the_row_its_id_and_what_is_used_of_it) {
  recipe r;
  r.stages.push_back(print_stage());
  const auto key = [&](json::object values) { return keys_of(r, cells(std::move(values)), 1); };
  const auto a = key({{"ID", "7"}, {"answer", "a"}, {"remark", "x"}});
  const auto b = key({{"ID", "7"}, {"answer", "a"}, {"remark", "y"}});
  BOOST_TEST(a.whole != b.whole);
  BOOST_TEST(a.id == b.id);
  BOOST_TEST(a.id != 0u);
  BOOST_TEST(a.used == b.used);
  BOOST_TEST(a.used != key({{"ID", "7"}, {"answer", "b"}}).used);
  BOOST_TEST(a.id == key({{"custom_id", "7"}, {"id", "8"}}).id);
  BOOST_TEST(key({{"id", ""}}).id == 0u);
  BOOST_TEST(key({{"id", nullptr}}).id == 0u);
  BOOST_TEST(key({{"answer", "a"}}).id == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
